#include "core/executor.h"

#include <algorithm>
#include <chrono>
#include <exception>

#include "core/check.h"

namespace pathex::core {

namespace {

void writeConstant(const PlanBuffer& buffer, std::byte* at) {
  const auto write = [&]<class T>(T* to) {
    for (const double value : buffer.place.data) *to++ = static_cast<T>(value);
  };
  switch (buffer.dtype) {
    case StorageType::f32:
      return write(reinterpret_cast<float*>(at));
    case StorageType::i32:
      return write(reinterpret_cast<std::int32_t*>(at));
    case StorageType::u8:
      return write(reinterpret_cast<std::uint8_t*>(at));
  }
}

}  // namespace

Executable::Executable(Plan plan, LiveBytes live, bool profile)
    : plan_(std::move(plan)), live_(std::move(live)), profile_(profile), buffers_(plan_.buffers.size(), nullptr) {}

void Executable::placeConstants() {
  std::size_t bytes = 0;
  for (const PlanBuffer& b : plan_.buffers) {
    if (b.place.in == In::constant) bytes += aligned(b.bytes());
  }
  constants_ = Memory(bytes, live_);
  std::size_t offset = 0;
  for (std::size_t i = 0; i < plan_.buffers.size(); ++i) {
    const PlanBuffer& b = plan_.buffers[i];
    if (b.place.in == In::arena) buffers_[i] = arena_.data() + b.place.at;
    if (b.place.in != In::constant) continue;
    buffers_[i] = constants_.data() + offset;
    writeConstant(b, buffers_[i]);
    offset += aligned(b.bytes());
  }
}

Result<std::shared_ptr<Executable>> Executable::make(Plan plan, KernelFactory& factory, LiveBytes live, bool profile) {
  const std::string where = "plan '" + plan.name + "'";
  if (Status s = checkPlan(plan); !s.ok()) return s.within(where);
  std::shared_ptr<Executable> made(new Executable(std::move(plan), std::move(live), profile));
  try {
    made->arena_ = Memory(made->plan_.arenaBytes, made->live_);
    made->placeConstants();
    std::size_t scratch = 0;
    for (const Step& step : made->plan_.steps) {
      auto kernel = factory.make(made->plan_, step);
      if (!kernel.ok()) return kernel.status().within(where + " step '" + nameOf(step) + "'");
      scratch = std::max(scratch, kernel.value()->scratchBytes());
      const auto* call = std::get_if<CallStep>(&step);
      made->report_.push_back({nameOf(step), call ? call->kernel : "fused", kernel.value()->implementation()});
      made->kernels_.push_back(std::move(kernel.value()));
    }
    made->scratch_ = Memory(scratch, made->live_);
  } catch (const std::bad_alloc&) {
    return Status(Code::device, where + ": out of memory; the arena needs " + std::to_string(made->plan_.arenaBytes) +
                                    " bytes; use a smaller batch");
  }
  made->bytes_ = made->arena_.bytes() + made->constants_.bytes() + made->scratch_.bytes();
  return made;
}

Status Executable::runStep(std::size_t index, const Bindings& bindings) {
  if (!profile_) return kernels_[index]->run(bindings);
  const auto start = std::chrono::steady_clock::now();
  Status status = kernels_[index]->run(bindings);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const std::lock_guard lock(reportLock_);
  report_[index].seconds += took.count();
  report_[index].least = std::min(report_[index].least, took.count());
  report_[index].calls += 1;
  return status;
}

Status Executable::run(const std::vector<std::byte*>& state, const std::vector<std::byte*>& inputs,
                       const std::vector<std::byte*>& outputs) {
  for (std::size_t i = 0; i < buffers_.size(); ++i) {
    const Place& place = plan_.buffers[i].place;
    if (place.in == In::state) buffers_[i] = state[place.at];
    if (place.in == In::input) buffers_[i] = inputs[place.at];
    if (place.in == In::output) buffers_[i] = outputs[place.at];
  }
  const Bindings bindings{buffers_.data(), scratch_.data()};
  for (std::size_t i = 0; i < kernels_.size(); ++i) {
    const auto place = [&] { return "plan '" + plan_.name + "' step '" + nameOf(plan_.steps[i]) + "'"; };
    try {
      if (Status s = runStep(i, bindings); !s.ok()) return s.within(place());
    } catch (const std::exception& e) {  // a library may throw; oneDNN's C++ interface does
      return Status(Code::native, place() + ": " + e.what());
    }
  }
  return {};
}

std::vector<StepReport> Executable::report() const {
  const std::lock_guard lock(reportLock_);
  return report_;
}

}  // namespace pathex::core
