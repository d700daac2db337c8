#include <cstring>

#include "core/parallel.h"
#include "cpu/kernels.h"
#include "cpu/table.h"

namespace pathex::cpu {

namespace {

class Table : public core::Kernel {
 public:
  Table(const core::CallStep& step, const core::TableAttributes& attributes)
      : from(step.inputs[0]), index(step.inputs[1]), out(step.outputs[0]), a(attributes) {}
  std::string implementation() const override { return "rows of " + std::to_string(a.width); }

 protected:
  const std::size_t from, index, out;
  const core::TableAttributes a;
};

class Gather final : public Table {
 public:
  Gather(const core::CallStep& step, const core::TableAttributes& attributes, std::size_t elementBytes)
      : Table(step, attributes), bytes_(attributes.width * elementBytes) {}

  core::Status run(const core::Bindings& b) override {
    const auto* rows = b.at<std::int32_t>(index);
    if (core::Status s = checkRows(rows, a.count, a.rows, "gather"); !s.ok()) return s;
    const std::byte* x = b.buffers[from];
    std::byte* y = b.buffers[out];
    core::forEachRange(a.count, 1 + 65536 / (bytes_ + 1), [&](core::Range range) {
      for (std::size_t i = range.begin; i < range.end; ++i) {
        std::memcpy(y + i * bytes_, x + static_cast<std::size_t>(rows[i]) * bytes_, bytes_);
      }
    });
    return {};
  }

 private:
  std::size_t bytes_;
};

/// Columns are shared out, so that each sum is formed by one thread in the order of the index.
class ScatterAdd final : public Table {
 public:
  using Table::Table;

  core::Status run(const core::Bindings& b) override {
    const auto* rows = b.at<std::int32_t>(index);
    if (core::Status s = checkRows(rows, a.count, a.rows, "scatterAdd"); !s.ok()) return s;
    const float* v = b.at<float>(from);
    float* y = b.at<float>(out);
    std::memset(y, 0, a.rows * a.width * sizeof(float));
    core::forEachRange(a.width, 16 + 16384 / (a.count + 1), [&](core::Range columns) {
      for (std::size_t i = 0; i < a.count; ++i) {
        float* to = y + static_cast<std::size_t>(rows[i]) * a.width;
        const float* x = v + i * a.width;
#pragma omp simd
        for (std::size_t j = columns.begin; j < columns.end; ++j) to[j] += x[j];
      }
    });
    return {};
  }
};

}  // namespace

Made makeGather(const onednn::Context&, const core::Plan& plan, const core::CallStep& step) {
  const auto& a = std::get<core::TableAttributes>(step.attributes);
  return std::make_unique<Gather>(step, a, core::bytesPerElement(plan.buffers[step.inputs[0]].dtype));
}

Made makeScatterAdd(const onednn::Context&, const core::Plan&, const core::CallStep& step) {
  return std::make_unique<ScatterAdd>(step, std::get<core::TableAttributes>(step.attributes));
}

}  // namespace pathex::cpu
