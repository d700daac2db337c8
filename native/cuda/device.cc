#include "cuda/device.h"

#include <algorithm>

#include "core/check.h"
#include "cuda/clock.h"
#include "cuda/executable.h"
#include "cuda/library_kernels.h"
#include "cuda/own_files.h"
#include "cuda/pairs.h"
#include "cuda/timer.h"

namespace pathex::cuda {

namespace {

class CudaBlock final : public core::Block {
 public:
  CudaBlock(DeviceBytes memory, std::size_t bytes) : Block(memory.get(), bytes), memory_(std::move(memory)) {}

 private:
  DeviceBytes memory_;
};

/// A transfer between a block and the host.
class Transfer final : public core::Pending {
 public:
  Transfer(Context& context, Event done) : context_(context), done_(std::move(done)) {}
  core::Result<bool> isDone() override {
    if (core::Status s = context_.expectAlive(); !s.ok()) return s;
    const int result = context_.driver().cuEventQuery(done_.get());
    if (result == value::CUDA_ERROR_NOT_READY) return false;
    if (core::Status s = context_.judge(result, "cuEventQuery"); !s.ok()) return s;
    return true;
  }

 private:
  Context& context_;
  Event done_;
};

class CudaDevice final : public core::Device {
 public:
  /// `noCache`: why nothing can be kept between processes, if so.
  CudaDevice(std::unique_ptr<Context> context, const Nvrtc& nvrtc, Options options, std::string noCache)
      : context_(std::move(context)),
        nvrtc_(nvrtc),
        options_(std::move(options)),
        noCache_(std::move(noCache)),
        cubins_(options_.cacheFolder),
        timer_(*context_),
        clock_(*context_) {}

  std::string description() const override {
    const int driver = context_->driver().version();
    return context_->name() + ", sm_" + std::to_string(context_->capability()) + ", driver for CUDA " +
           std::to_string(driver / 1000) + "." + std::to_string(driver % 1000 / 10) + ", NVRTC " + nvrtc_.version() +
           precisionName() + (options_.isDeterministic ? "" : ", not deterministic") +
           (noCache_.empty() ? "" : "; kernels are compiled and measured anew in every process: " + noCache_);
  }

  core::Result<std::unique_ptr<core::Block>> allocate(std::size_t bytes) override {
    auto memory = makeDeviceBytes(*context_, bytes);
    if (!memory.ok()) return memory.status();
    return std::unique_ptr<core::Block>(std::make_unique<CudaBlock>(std::move(memory.value()), bytes));
  }

  core::Submitted write(const core::Block& to, const std::byte* from) override {
    if (to.bytes() == 0) return context_->expectAlive();
    return transfer("write", [&] {
      return context_->call("cuMemcpyHtoDAsync", &Driver::cuMemcpyHtoDAsync_v2, CUdeviceptr{to.address()}, from,
                            to.bytes(), context_->stream());
    });
  }
  core::Submitted read(const core::Block& from, std::byte* to) override {
    if (from.bytes() == 0) return context_->expectAlive();
    return transfer("read", [&] {
      return context_->call("cuMemcpyDtoHAsync", &Driver::cuMemcpyDtoHAsync_v2, to, CUdeviceptr{from.address()},
                            from.bytes(), context_->stream());
    });
  }
  core::Submitted mark(double* seconds) override { return clock_.mark(seconds); }

  core::Result<std::unique_ptr<core::Executable>> load(core::Plan plan, core::LoadOptions options) override {
    const std::string where = "plan '" + plan.name + "'";
    core::Status s = context_->expectAlive();
    if (s.ok()) s = core::checkPlan(plan);
    if (s.ok()) s = core::checkCode(plan, options.code);
    if (!s.ok()) return s.within(where);
    auto steps = makeReady(plan, options.code);
    if (!steps.ok()) return steps.status().within(where);
    return CudaExecutable::make(*context_, std::move(plan), std::move(steps.value()), options.profile,
                                options_.streams);
  }

 private:
  const char* precisionName() const {
    switch (options_.precision) {
      case Precision::strict:
        return ", strict float32";
      case Precision::tf32:
        return ", TF32 products";
      case Precision::bf16:
        return ", bf16 activations in training and evaluation, strict float32 elsewhere";
    }
    return "";
  }

  template <class Copy>
  core::Submitted transfer(const char* what, const Copy& copy) {
    auto done = makeEvent(*context_);
    if (!done.ok()) return done.status().within(what);
    if (core::Status s = copy(); !s.ok()) return s.within(what);
    core::Status s = context_->call("cuEventRecord", &Driver::cuEventRecord, done.value().get(), context_->stream());
    if (!s.ok()) return s.within(what);
    return std::unique_ptr<core::Pending>(std::make_unique<Transfer>(*context_, std::move(done.value())));
  }

  core::Result<ReadySteps> makeReady(const core::Plan& plan, const core::DeviceCode& code) {
    struct Rest {
      GraphTimer& timer;
      ~Rest() { timer.rest(); }
    } const rest{timer_};
    ReadySteps ready;
    ready.scratchBytes = code.scratchBytes;
    const bool hasLaunches = std::any_of(code.steps.begin(), code.steps.end(),
                                         [](const core::CodeStep& step) { return !step.launches.empty(); });
    if (hasLaunches) {
      auto program = Program::make(*context_, nvrtc_, cubins_, code.source);
      if (!program.ok()) return program.status();
      ready.program = std::move(program.value());
    }
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      auto kernel = makeKernel(plan, plan.steps[i], code.steps[i], ready);
      if (!kernel.ok()) return kernel.status().within("step '" + core::nameOf(plan.steps[i]) + "'");
      ready.kernels.push_back(std::move(kernel.value()));
      ready.isOurs.push_back(!code.steps[i].isLibrary);
      ready.isAside.push_back(code.steps[i].isAside);
      ready.after.push_back(code.steps[i].after);
    }
    if (options_.hasEpilogues && libraries_) {
      if (core::Status s = joinPairs(*libraries_, *context_, plan, code, ready); !s.ok()) return s;
    }
    return ready;
  }

  core::Result<std::unique_ptr<Kernel>> makeKernel(const core::Plan& plan, const core::Step& step,
                                                   const core::CodeStep& code, const ReadySteps& ready) {
    if (const auto* const call = std::get_if<core::CallStep>(&step)) {
      if (core::Status s = core::checkOperands(plan, *call); !s.ok()) return s;
    }
    if (!code.isLibrary && code.launches.empty())
      return std::unique_ptr<Kernel>(std::make_unique<Nothing>("nothing to do"));
    if (!code.isLibrary) return ready.program->launches(*context_, code.launches);
    if (core::Status s = openLibraries(); !s.ok()) return s;
    return makeLibraryKernel(*libraries_, plan, std::get<core::CallStep>(step));
  }

  /// cuDNN and cuBLASLt are opened for the first step that needs them: they take a second and some hundred megabytes.
  core::Status openLibraries() {
    if (libraries_) return {};
    LibraryOptions options;
    options.precision = options_.precision;
    options.deterministic = options_.isDeterministic;
    options.deviceName = context_->name();
    options.multiprocessors = context_->multiprocessors();
    options.tuningFolder = options_.cacheFolder;
    options.timer = &timer_;
    auto made = LibraryContext::make(std::move(options));
    if (!made.ok()) return made.status();
    libraries_ = std::move(made.value());
    return {};
  }

  std::unique_ptr<Context> context_;
  const Nvrtc& nvrtc_;
  Options options_;
  std::string noCache_;
  CubinCache cubins_;
  GraphTimer timer_;
  StreamClock clock_;
  std::unique_ptr<LibraryContext> libraries_;
};

/// NVRTC writes code that older drivers cannot read.
core::Status checkVersions(const Driver& driver, const Nvrtc& nvrtc) {
  if (driver.version() / 1000 >= nvrtc.major) return {};
  return {core::Code::device,
          "cuda: NVRTC " + nvrtc.version() + " (" + nvrtc.path + ") needs a driver for CUDA " +
              std::to_string(nvrtc.major) + ", this one is for " + std::to_string(driver.version() / 1000) + "." +
              std::to_string(driver.version() % 1000 / 10) + "; update the driver or install an older CUDA toolkit"};
}

}  // namespace

core::Result<std::unique_ptr<core::Device>> open(const Options& options) {
  const auto refusal = [](const core::Status& s) {
    const bool isBare = s.message().find("; ") == std::string::npos;
    return core::Status(core::Code::device,
                        s.message() + (isBare ? "; run npx pathex doctor, which says what is here" : ""));
  };
  auto driver = Driver::get();
  if (!driver.ok()) return refusal(driver.status());
  auto nvrtc = Nvrtc::get();
  if (!nvrtc.ok()) return refusal(nvrtc.status());
  if (core::Status s = checkVersions(*driver.value(), *nvrtc.value()); !s.ok()) return s;
  auto context = Context::open(options.index);
  if (!context.ok()) return refusal(context.status());
  Options trusted = options;
  std::string noCache = makeOwnFolder(options.cacheFolder);
  if (!noCache.empty()) trusted.cacheFolder.clear();
  return std::unique_ptr<core::Device>(std::make_unique<CudaDevice>(std::move(context.value()), *nvrtc.value(),
                                                                    std::move(trusted), std::move(noCache)));
}

}  // namespace pathex::cuda
