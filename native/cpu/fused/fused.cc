#include "cpu/fused/fused.h"

#include <algorithm>
#include <cstring>

#include "core/memory.h"
#include "core/stream.h"
#include "cpu/fused/geometry.h"
#include "cpu/fused/materialise.h"
#include "cpu/fused/program.h"
#include "cpu/fused/reducer.h"

namespace pathex::cpu {

namespace {

using core::aligned;
using core::Bindings;

/// Everything that threads share while one fused step runs.
struct Setting {
  const Geometry& geometry;
  const Program& program;
  const core::FusedStep& step;
  const std::vector<core::StorageType>& storeTypes;
  const Bindings& bindings;
  float* runTiles;
  bool fetches;  // each next chunk, which is not in the cache
};

/// One thread's view: the address of every register, its own tiles and slots. The visitor of Geometry::visit.
class Interpreter {
 public:
  Interpreter(const Setting& setting, float** registers, float* workspace)
      : s_(setting), registers_(registers), workspace_(workspace) {
    for (std::size_t id = 0; id < s_.program.registers.size(); ++id) registers_[id] = fixedAddress(id);
  }

  /// Tiles that hold for the whole run; done by one thread before the others start.
  void prepare() {
    const core::Domain& d = s_.geometry.domain();
    const bool spans = s_.geometry.shape() == Shape::spans;
    const std::size_t rows = s_.geometry.rowsPerChunk(), outers = s_.geometry.outersPerChunk();
    const std::size_t columns = spans ? d.inner : s_.geometry.chunkElements() / (rows * outers);
    for (const Action& a : s_.program.onRun) perform(a, Chunk{0, outers, 0, rows, 0, columns});
  }

  void start(std::vector<Reducer>* reducers) { reducers_ = reducers; }

  void begin(std::size_t outer, std::size_t column) {
    const Chunk first{outer, 1, 0, s_.geometry.rowsPerChunk(), column, sectionColumns(column)};
    for (const std::size_t id : s_.program.buffersOnSection) registers_[id] = addressIn(id, first);
    for (const Action& a : s_.program.onSection) perform(a, first);
    for (Reducer& r : *reducers_) r.begin(outer, column);
  }

  void chunk(const Chunk& chunk) {
    const std::size_t n = chunk.elements();
    for (const std::size_t id : s_.program.buffersOnChunk) {
      registers_[id] = addressIn(id, chunk);
      if (!s_.fetches) continue;
      // The next chunk follows in memory. With several buffers the processor foresees that only in part.
      constexpr std::size_t line = core::alignment / sizeof(float);
      for (std::size_t i = 0; i < n; i += line) __builtin_prefetch(registers_[id] + n + i);
    }
    for (const Action& a : s_.program.onChunk) perform(a, chunk);
  }

  void end(std::size_t) {
    for (Reducer& r : *reducers_) r.end();
  }

 private:
  std::size_t sectionColumns(std::size_t column) const {
    const std::size_t inner = s_.geometry.domain().inner;
    if (s_.geometry.shape() != Shape::pieces) return inner;
    return std::min(s_.geometry.chunkElements(), inner - column);
  }

  float* fixedAddress(std::size_t id) const {
    const Register& reg = s_.program.registers[id];
    const std::size_t chunk = s_.geometry.chunkRoom();
    switch (reg.home) {
      case Home::buffer:
        return s_.bindings.at<float>(reg.buffer);  // moved later unless its rate is `run`
      case Home::tile:
        return (reg.rate == Rate::run ? s_.runTiles : workspace_) + reg.index * chunk;
      case Home::slot:
        return workspace_ + (s_.program.sectionTiles + reg.index) * chunk;
      case Home::destination:
      case Home::inlined:
      case Home::nowhere:
        return nullptr;
    }
    return nullptr;
  }

  std::size_t elementOf(const Chunk& c) const {
    const core::Domain& d = s_.geometry.domain();
    return (c.outer * d.reduced + c.row) * d.inner + c.column;
  }

  float* addressIn(std::size_t id, const Chunk& c) const {
    const Register& reg = s_.program.registers[id];
    float* base = s_.bindings.at<float>(reg.buffer);
    if (reg.home == Home::destination) return base + elementOf(c);
    return base + c.outer * reg.strides[0] + c.row * reg.strides[1] + c.column * reg.strides[2];
  }

  void perform(const Action& action, const Chunk& chunk) {
    float* x = registers_[action.reg];
    const std::size_t n = chunk.elements();
    switch (action.what) {
      case Do::load: {
        const Register& reg = s_.program.registers[action.reg];
        return materialise(x, s_.bindings.buffers[reg.buffer], reg.dtype, reg.strides, chunk);
      }
      case Do::compute: {
        const float* operands[mostOperands];
        gather(action, operands);
        return action.loop(x, operands, n);
      }
      case Do::constant:
        std::fill_n(x, n, action.value);
        return;
      case Do::reduce: {
        if (!action.loop) return (*reducers_)[action.item].add(chunk, x);
        const float* operands[mostOperands + 1];
        gather(action, operands);
        return (*reducers_)[action.item].add(chunk, action.loop, operands, action.args.size());
      }
      case Do::store:
        return store(action.item, x, chunk);
    }
  }

  void gather(const Action& action, const float** operands) const {
    for (std::size_t i = 0; i < action.args.size(); ++i) operands[i] = registers_[action.args[i]];
  }

  void store(std::size_t item, const float* x, const Chunk& chunk) {
    const std::size_t buffer = s_.step.stores[item].buffer, at = elementOf(chunk), n = chunk.elements();
    switch (s_.storeTypes[item]) {
      case core::StorageType::f32:
        if (s_.program.streams[item]) return core::stream(s_.bindings.at<float>(buffer) + at, x, n);
        std::memmove(s_.bindings.at<float>(buffer) + at, x, n * sizeof(float));
        return;
      case core::StorageType::bf16:
        return;  // the device refuses such plans
      case core::StorageType::i32:
        return convert(s_.bindings.at<std::int32_t>(buffer) + at, x, n);
      case core::StorageType::u8:
        return convert(s_.bindings.at<std::uint8_t>(buffer) + at, x, n);
    }
  }

  const Setting& s_;
  float** registers_;
  float* workspace_;
  std::vector<Reducer>* reducers_ = nullptr;
};

/// What kernels of fused steps have in common: the program, and scratch for tiles, threads and partial results.
class FusedCode {
 public:
  /// `domain`: all of the step's or that of one image.
  FusedCode(const core::Plan& plan, const core::FusedStep& step, const core::Domain& domain, bool toMemory)
      : step_(step),
        loads_(step.loads),
        geometry_(domain, loads_, step.reductions),
        program_(arrange(plan, step, geometry_, loads_, toMemory)),
        toMemory_(toMemory) {
    for (const core::Store& s : step_.stores) storeTypes_.push_back(plan.buffers[s.buffer].dtype);
    for (const core::Reduction& r : step_.reductions) {
      kept_.push_back(plan.buffers[r.buffer].elements());
      counts_.push_back(kept_.back() == 0 ? 0 : step.domain.elements() / kept_.back());
    }
  }

  const Geometry& geometry() const { return geometry_; }
  const core::FusedStep& step() const { return step_; }
  std::size_t scratchBytes() const { return scratchBytes_; }

  std::string describe() const {
    return geometry_.describe() + " once " + std::to_string(program_.onRun.size()) + " section " +
           std::to_string(program_.onSection.size()) + " chunk " + std::to_string(program_.onChunk.size()) + " slots " +
           std::to_string(program_.slots);
  }

  /// Divides the scratch: each reduction has as many partial results as `partials` says.
  void layOut(std::size_t threads, const std::vector<std::size_t>& partials) {
    partials_ = partials;
    const std::size_t chunk = geometry_.chunkRoom() * sizeof(float);
    registersBytes_ = aligned(program_.registers.size() * sizeof(float*));
    std::size_t tiles = 0;
    for (const core::Reduction& r : step_.reductions) tiles += Reducer::tilesOf(r.op);
    workspaceAt_ = program_.runTiles * chunk;
    workspaceBytes_ = registersBytes_ + (program_.sectionTiles + program_.slots + tiles) * chunk;
    std::size_t at = workspaceAt_ + workspaceBytes_ * threads;
    for (std::size_t i = 0; i < step_.reductions.size(); ++i) {
      partialsAt_.push_back(at);
      at += aligned(partialDoubles(i) * sizeof(double));
    }
    scratchBytes_ = at;
    reducers_.resize(threads);
  }

  Setting settingOf(const Bindings& b) const {
    return {geometry_, program_, step_, storeTypes_, b, reinterpret_cast<float*>(b.scratch), toMemory_};
  }

  /// Partial results start, and tiles that hold for the whole run are made.
  void prepare(const Setting& s) const {
    for (std::size_t i = 0; i < step_.reductions.size(); ++i) {
      std::fill_n(partials(s.bindings, i), partialDoubles(i), Reducer::startOf(step_.reductions[i].op));
    }
    interpreter(s, 0).prepare();
  }

  Interpreter interpreter(const Setting& s, std::size_t thread) const {
    std::byte* base = workspace(s, thread);
    return {s, reinterpret_cast<float**>(base), reinterpret_cast<float*>(base + registersBytes_)};
  }

  /// Adds a part of the domain to a partial result of each reduction, which partialOf(its `keep`) tells.
  template <class PartialOf>
  void runPart(const Setting& s, Interpreter& interpreter, std::size_t thread, const Part& part,
               const PartialOf& partialOf) {
    std::vector<Reducer>& reducers = reducers_[thread];
    reducers.clear();  // keeps its capacity: nothing is allocated after the first run
    float* tiles = reinterpret_cast<float*>(workspace(s, thread) + registersBytes_) +
                   (program_.sectionTiles + program_.slots) * geometry_.chunkRoom();
    for (std::size_t i = 0; i < step_.reductions.size(); ++i) {
      const core::Reduction& r = step_.reductions[i];
      const std::size_t at = partialOf(r.keep) * kept_[i] * Reducer::valuesOf(r.op);
      reducers.emplace_back(r.op, r.keep, geometry_, partials(s.bindings, i) + at, kept_[i], tiles);
      tiles += Reducer::tilesOf(r.op) * geometry_.chunkRoom();
    }
    interpreter.start(&reducers);
    geometry_.visit(part, interpreter);
    for (Reducer& r : reducers) r.finish();
    core::endStream();
  }

  void writeReductions(const Bindings& b) const {
    for (std::size_t i = 0; i < step_.reductions.size(); ++i) writeReduction(b, i);
  }

 private:
  std::size_t partialDoubles(std::size_t i) const {
    return partials_[i] * kept_[i] * Reducer::valuesOf(step_.reductions[i].op);
  }

  double* partials(const Bindings& b, std::size_t reduction) const {
    return reinterpret_cast<double*>(b.scratch + partialsAt_[reduction]);
  }

  std::byte* workspace(const Setting& s, std::size_t thread) const {
    return s.bindings.scratch + workspaceAt_ + thread * workspaceBytes_;
  }

  /// Combines the partial results in their order. A sum beside a variance of the same values is the variance's own.
  void writeReduction(const Bindings& b, std::size_t i) const {
    const std::size_t from = varianceOver(step_, i).value_or(i);
    const core::Reduction &r = step_.reductions[i], &source = step_.reductions[from];
    const std::size_t kept = kept_[i], stride = kept * Reducer::valuesOf(source.op);
    const double* partial = partials(b, from);
    const auto total = [&](std::size_t at) {
      double all = partial[at];
      for (std::size_t p = 1; p < partials_[i]; ++p) {
        all = Reducer::combine(source.op, all, partial[p * stride + at]);
      }
      return all;
    };
    float* y = b.at<float>(r.buffer);
    for (std::size_t k = 0; k < kept; ++k) {
      const double value =
          r.op == core::ReductionOp::variance ? Reducer::variance(total(k), total(kept + k), counts_[i]) : total(k);
      y[k] = static_cast<float>(value);
    }
  }

  core::FusedStep step_;
  std::vector<core::Load> loads_;
  Geometry geometry_;
  Program program_;
  bool toMemory_;
  std::vector<core::StorageType> storeTypes_;
  std::size_t workspaceAt_ = 0, registersBytes_ = 0, workspaceBytes_ = 0, scratchBytes_ = 0;
  /// Of each reduction: elements that it keeps, values that make each of them, and partial results.
  std::vector<std::size_t> kept_, counts_, partials_, partialsAt_;
  std::vector<std::vector<Reducer>> reducers_;
};

class FusedKernel final : public core::Kernel {
 public:
  FusedKernel(const core::Plan& plan, const core::FusedStep& step)
      : code_(plan, step, step.domain, true), threads_(core::threadCount()) {
    wide_ = code_.geometry().parts() > 1 && threads_ > 1;
    std::vector<std::size_t> partials;
    for (const core::Reduction& r : step.reductions) partials.push_back(code_.geometry().partials(r.keep));
    code_.layOut(wide_ ? threads_ : 1, partials);
  }

  std::size_t scratchBytes() const override { return code_.scratchBytes(); }
  std::string implementation() const override { return code_.describe(); }

  core::Status run(const Bindings& b) override {
    const Setting setting = code_.settingOf(b);
    code_.prepare(setting);
    const Geometry& geometry = code_.geometry();
    const auto runPart = [&](Interpreter& interpreter, std::size_t thread, std::size_t part) {
      code_.runPart(setting, interpreter, thread, geometry.part(part),
                    [&](core::Keep keep) { return geometry.partialOf(keep, part); });
    };
    if (!wide_) {
      Interpreter one = code_.interpreter(setting, 0);
      for (std::size_t part = 0; part < geometry.parts(); ++part) runPart(one, 0, part);
    } else {
      core::forEachPartOfTeam(geometry.parts(), threads_, [&](std::size_t thread, auto nextPart) {
        Interpreter mine = code_.interpreter(setting, thread);
        nextPart([&](std::size_t part) { runPart(mine, thread, part); });
      });
    }
    code_.writeReductions(b);
    return {};
  }

 private:
  FusedCode code_;
  std::size_t threads_;
  bool wide_ = false;
};

/// One image at a time: its rows are a domain of their own, and each part of the batch has its partial results.
class FusedOfImage final : public core::ImageKernel {
 public:
  FusedOfImage(const core::Plan& plan, const core::FusedStep& step, std::size_t images)
      : code_(plan, step, {1, step.domain.reduced / images, step.domain.inner}, false) {}

  /// Whether values of an image are told from those of the batch: these fill tiles once, those come chunk by chunk.
  bool suits() const {
    const Geometry& g = code_.geometry();
    return g.shape() == Shape::rows && g.rowsPerChunk() > 1 && g.rowsPerChunk() < g.domain().reduced;
  }

  void cut(std::size_t parts) override {
    code_.layOut(core::threadCount(), std::vector<std::size_t>(code_.step().reductions.size(), parts));
  }
  std::size_t scratchBytes() const override { return code_.scratchBytes(); }

  void prepare(const Bindings& b) override { code_.prepare(code_.settingOf(b)); }

  void compute(const Bindings& b, const core::ImageContext& context) override {
    const Setting setting = code_.settingOf(b);
    Interpreter interpreter = code_.interpreter(setting, context.thread);
    const core::Domain& d = code_.geometry().domain();
    const Part image{{0, d.outer}, {0, d.reduced}, {0, d.inner}};
    code_.runPart(setting, interpreter, context.thread, image, [&](core::Keep) { return context.part; });
  }

  void finish(const Bindings& b) override { code_.writeReductions(b); }

 private:
  FusedCode code_;
};

}  // namespace

std::unique_ptr<core::Kernel> makeFused(const core::Plan& plan, const core::FusedStep& step) {
  return std::make_unique<FusedKernel>(plan, step);
}

std::unique_ptr<core::ImageKernel> makeFusedOfImage(const core::Plan& plan, const core::FusedStep& step,
                                                    std::size_t images) {
  auto kernel = std::make_unique<FusedOfImage>(plan, step, images);
  return kernel->suits() ? std::move(kernel) : nullptr;
}

}  // namespace pathex::cpu
