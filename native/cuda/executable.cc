#include "cuda/executable.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "core/constants.h"

namespace pathex::cuda {

namespace {

std::string megabytes(std::size_t bytes) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f MB", static_cast<double>(bytes) / 1e6);
  return text.data();
}

}  // namespace

/// A run on its way.
class CudaExecutable::Run final : public core::Pending {
 public:
  Run(CudaExecutable& of, std::unique_ptr<Area> area, const std::vector<std::byte*>& outputs)
      : of_(of), area_(std::move(area)), outputs_(outputs) {}

  core::Result<bool> isDone() override {
    Context& context = of_.context_;
    if (!context.fault().ok()) return of_.unplaced(context.takeFault(), "");  // found by a call for later work
    if (core::Status s = context.expectAlive(); !s.ok()) return s;
    const int result = context.driver().cuEventQuery(area_->done.get());
    if (result == value::CUDA_ERROR_NOT_READY) return false;
    if (core::Status s = context.judge(result, "cuEventQuery"); !s.ok()) {
      (void)context.takeFault();
      return of_.unplaced(s, "");
    }
    if (core::Status s = of_.note(*area_); !s.ok()) return of_.unplaced(s, "");
    const std::byte* const from = area_->inputs() + of_.layout_.inputBytes;
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      std::memcpy(outputs_[i], from + of_.layout_.outputAt[i], of_.plan_.buffers[of_.plan_.outputs[i].buffer].bytes());
    }
    of_.areas_.push_back(std::move(area_));
    return true;
  }

 private:
  CudaExecutable& of_;
  std::unique_ptr<Area> area_;
  std::vector<std::byte*> outputs_;
};

CudaExecutable::CudaExecutable(Context& context, core::Plan plan, ReadySteps steps, bool profile, StreamMode streams)
    : context_(context),
      plan_(std::move(plan)),
      steps_(std::move(steps)),
      profile_(profile),
      layout_(plan_, steps_, !profile && streams != StreamMode::one),
      buffers_(plan_.buffers.size(), 0),
      streams_(streams,
               !profile && std::find(steps_.isAside.begin(), steps_.isAside.end(), true) != steps_.isAside.end()),
      graphs_(context) {
  for (std::size_t i = 0; i < steps_.kernels.size(); ++i) {
    const auto* call = std::get_if<core::CallStep>(&plan_.steps[i]);
    report_.push_back(
        {core::nameOf(plan_.steps[i]), call ? core::nameOf(call->kernel) : "fused", steps_.kernels[i]->implementation()});
  }
}

core::Result<std::unique_ptr<core::Executable>> CudaExecutable::make(Context& context, core::Plan plan,
                                                                     ReadySteps steps, bool profile,
                                                                     StreamMode streams) {
  std::unique_ptr<CudaExecutable> made(
      new CudaExecutable(context, std::move(plan), std::move(steps), profile, streams));
  if (core::Status s = made->prepare(); !s.ok()) return s.within("plan '" + made->plan_.name + "'");
  return core::Result<std::unique_ptr<core::Executable>>(std::move(made));
}

core::Status CudaExecutable::prepare() {
  if (core::Status s = checkMemory(); !s.ok()) return s;
  auto memory = makeDeviceBytes(context_, layout_.bytes);
  if (!memory.ok()) return memory.status();
  memory_ = std::move(memory.value());
  if (streams_.chosen() != Streams::one) {
    auto side = SideStream::make(context_, steps_.isAside);
    if (!side.ok()) return side.status();
    side_ = std::move(side.value());
  }
  if (profile_) {
    for (Event* const event : {&before_, &after_}) {
      auto made = makeEvent(context_, value::CU_EVENT_DEFAULT);
      if (!made.ok()) return made.status();
      *event = std::move(made.value());
    }
  }
  for (std::size_t i = 0; i < buffers_.size(); ++i) {
    const core::Place& place = plan_.buffers[i].place;
    switch (place.in) {
      case core::In::arena:
        buffers_[i] = memory_.get() + place.at;
        break;
      case core::In::constant:
        buffers_[i] = memory_.get() + layout_.constants + layout_.constantAt[i];
        break;
      case core::In::input:
        buffers_[i] = memory_.get() + layout_.inputs + layout_.inputAt[place.at];
        break;
      case core::In::output:
        buffers_[i] = memory_.get() + layout_.outputs + layout_.outputAt[place.at];
        break;
      case core::In::state:
        break;  // bound by each run
    }
  }
  return placeConstants();
}

core::Status CudaExecutable::checkMemory() {
  std::size_t available = 0, total = 0;
  core::Status s = context_.call("cuMemGetInfo", &Driver::cuMemGetInfo_v2, &available, &total);
  if (!s.ok()) return s;
  if (layout_.bytes <= available) return {};
  return {core::Code::device, "it needs " + megabytes(layout_.bytes) + " on the GPU (arena " +
                                  megabytes(plan_.arenaBytes) + ", workspaces " +
                                  megabytes(layout_.bytes - layout_.scratch) + "), and " + megabytes(available) +
                                  " of " + megabytes(total) + " are free; use a smaller batch"};
}

core::Status CudaExecutable::placeConstants() {
  const std::size_t size = layout_.inputs - layout_.constants;
  std::vector<std::byte> staged(size);
  for (std::size_t i = 0; i < buffers_.size(); ++i) {
    const core::PlanBuffer& b = plan_.buffers[i];
    if (b.place.in == core::In::constant) core::writeConstant(b, staged.data() + layout_.constantAt[i]);
  }
  if (size > 0) {
    core::Status s = context_.call("cuMemcpyHtoDAsync", &Driver::cuMemcpyHtoDAsync_v2,
                                   memory_.get() + layout_.constants, staged.data(), size, context_.stream());
    if (!s.ok()) return s;
  }
  return context_.call("cuStreamSynchronize", &Driver::cuStreamSynchronize, context_.stream());
}

core::Result<std::unique_ptr<CudaExecutable::Area>> CudaExecutable::takeArea() {
  if (!areas_.empty()) {
    auto last = std::move(areas_.back());
    areas_.pop_back();
    return last;
  }
  auto memory = makePinnedBytes(context_, layout_.inputBytes + layout_.outputBytes);
  if (!memory.ok()) return memory.status();
  auto event = makeEvent(context_);
  if (!event.ok()) return event.status();
  return std::unique_ptr<Area>(new Area{std::move(memory.value()), std::move(event.value()), {}, {}, {}});
}

core::Submitted CudaExecutable::run(const std::vector<const core::Block*>& state, const std::vector<std::byte*>& inputs,
                                    const std::vector<std::byte*>& outputs) {
  if (core::Status s = context_.expectAlive(); !s.ok()) return s.within("plan '" + plan_.name + "'");
  auto taken = takeArea();
  if (!taken.ok()) return failure(taken.status());
  std::unique_ptr<Area> area = std::move(taken.value());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    std::memcpy(area->inputs() + layout_.inputAt[i], inputs[i], plan_.buffers[plan_.inputs[i].buffer].bytes());
  }
  std::vector<CUdeviceptr> addresses;
  for (const core::Block* const block : state) addresses.push_back(block->address());
  for (std::size_t i = 0; i < buffers_.size(); ++i) {
    const core::Place& place = plan_.buffers[i].place;
    if (place.in == core::In::state) buffers_[i] = addresses[place.at];
  }
  if (core::Status s = submit(*area, addresses); !s.ok()) {
    const core::Status told = failure(s);
    // What was enqueued before the failure still reads and writes the area.
    if (side_) (void)context_.call("cuStreamSynchronize", &Driver::cuStreamSynchronize, side_->stream());
    (void)context_.call("cuStreamSynchronize", &Driver::cuStreamSynchronize, context_.stream());
    area->trial.reset();
    areas_.push_back(std::move(area));
    return told;
  }
  return std::unique_ptr<core::Pending>(std::make_unique<Run>(*this, std::move(area), outputs));
}

core::Status CudaExecutable::submit(Area& area, const std::vector<CUdeviceptr>& state) {
  const CUstream stream = context_.stream();
  if (layout_.inputBytes > 0) {
    core::Status s = context_.call("cuMemcpyHtoDAsync", &Driver::cuMemcpyHtoDAsync_v2, memory_.get() + layout_.inputs,
                                   area.inputs(), layout_.inputBytes, stream);
    if (!s.ok()) return s;
  }
  core::Status s = profile_ ? runMeasured() : runInStreams(area, state);
  if (!s.ok()) return s;
  if (layout_.outputBytes > 0) {
    s = context_.call("cuMemcpyDtoHAsync", &Driver::cuMemcpyDtoHAsync_v2, area.inputs() + layout_.inputBytes,
                      memory_.get() + layout_.outputs, layout_.outputBytes, stream);
    if (!s.ok()) return s;
  }
  return context_.call("cuEventRecord", &Driver::cuEventRecord, area.done.get(), stream);
}

core::Status CudaExecutable::runInStreams(Area& area, const std::vector<CUdeviceptr>& state) {
  const Streams streams = streams_.next();
  const bool isTrial = streams_.isTrial();
  const auto record = [&](Event& event) -> core::Status {
    if (!isTrial) return {};
    if (!event) {
      auto made = makeEvent(context_, value::CU_EVENT_DEFAULT);
      if (!made.ok()) return made.status();
      event = std::move(made.value());
    }
    return context_.call("cuEventRecord", &Driver::cuEventRecord, event.get(), context_.stream());
  };
  core::Status s = record(area.begin);
  if (!s.ok()) return s;
  const auto runIn = [&](Streams number) {
    return graphs_.run(state, number, [&](bool capturing) { return enqueue(capturing, number); });
  };
  auto ran = runIn(streams);
  if (!ran.ok() && isTrial && streams == Streams::two && !graphs_.hasLaunched() && context_.expectAlive().ok()) {
    streams_.choose(Streams::one);  // they cannot be captured here: nothing has run yet
    ran = runIn(Streams::one);
  }
  if (!ran.ok()) return ran.status();
  s = record(area.end);
  if (s.ok() && isTrial && ran.value() == Graphs::How::ready) area.trial = streams;
  return s;
}

core::Status CudaExecutable::note(Area& area) {
  if (!area.trial) return {};
  const Streams streams = *std::exchange(area.trial, std::nullopt);
  float milliseconds = 0;
  core::Status s = context_.call("cuEventElapsedTime", &Driver::cuEventElapsedTime, &milliseconds, area.begin.get(),
                                 area.end.get());
  if (!s.ok()) return context_.expectAlive();  // the run itself is good
  streams_.note(streams, static_cast<double>(milliseconds) / 1e3);
  if (streams_.chosen() != Streams::two) return {};
  const std::lock_guard lock(reportLock_);
  for (std::size_t i = 0; i < report_.size(); ++i) {
    const char* const beside = ", beside the steps after it";
    if (steps_.isAside[i] && !report_[i].implementation.ends_with(beside)) report_[i].implementation += beside;
  }
  return {};
}

core::Status CudaExecutable::failure(const core::Status& s) {
  if (!profile_ && !context_.fault().ok()) {
    return unplaced(context_.fault(), "this run or one before it is the cause; ");
  }
  if (profile_) (void)context_.takeFault();  // each step was waited for: the error is its own
  return s.within("plan '" + plan_.name + "'");
}

core::Status CudaExecutable::unplaced(const core::Status& s, const std::string& hint) const {
  const core::Status named = s.within("plan '" + plan_.name + "'");
  return {named.code(), named.message() + "; " + hint + "with profile the error names the step"};
}

std::string CudaExecutable::where(std::size_t step) const {
  return "step '" + core::nameOf(plan_.steps[step]) + "'";
}

core::Status CudaExecutable::enqueue(bool capturing, Streams streams) {
  if (streams == Streams::two) side_->begin();
  for (std::size_t i = 0; i < steps_.kernels.size(); ++i) {
    core::Status s;
    if (streams == Streams::two && steps_.isAside[i]) {
      s = enqueueAside(i);
    } else {
      if (streams == Streams::two && steps_.after[i]) s = side_->join(context_, steps_.after[i]);
      if (s.ok()) s = enqueueStep(i);
    }
    if (s.ok() && capturing) s = expectCapturing(context_);
    if (!s.ok()) return s.within(where(i));
  }
  return streams == Streams::two ? side_->join(context_, std::nullopt) : core::Status();
}

core::Status CudaExecutable::enqueueAside(std::size_t i) {
  core::Status s = side_->fork(context_);
  if (s.ok()) s = enqueueStep(i, true);
  return s.ok() ? side_->given(context_) : s;
}

core::Status CudaExecutable::enqueueStep(std::size_t i, bool aside) {
  // A step of our own kernels works in the scratch memory, a library's in the workspace of its stream.
  const std::size_t workspace = steps_.isOurs[i] ? layout_.scratch : aside ? layout_.sideWorkspace : layout_.workspace;
  return steps_.kernels[i]->enqueue({buffers_.data(), memory_.get() + workspace},
                                    aside ? side_->stream() : context_.stream());
}

core::Status CudaExecutable::runMeasured() {
  for (std::size_t i = 0; i < steps_.kernels.size(); ++i) {
    float milliseconds = 0;
    const auto measure = [&]() -> core::Status {
      const CUstream stream = context_.stream();
      core::Status s = context_.call("cuEventRecord", &Driver::cuEventRecord, before_.get(), stream);
      if (s.ok()) s = enqueueStep(i);
      if (s.ok()) s = context_.call("cuEventRecord", &Driver::cuEventRecord, after_.get(), stream);
      // Waits for each step, so that an error is found at the step that made it.
      if (s.ok()) s = context_.call("cuStreamSynchronize", &Driver::cuStreamSynchronize, stream);
      if (!s.ok()) return s;
      return context_.call("cuEventElapsedTime", &Driver::cuEventElapsedTime, &milliseconds, before_.get(),
                           after_.get());
    };
    if (core::Status s = measure(); !s.ok()) return s.within(where(i));
    const std::lock_guard lock(reportLock_);
    report_[i].seconds += milliseconds / 1e3;
    report_[i].least = std::min(report_[i].least, milliseconds / 1e3);
    report_[i].calls += 1;
  }
  return {};
}

std::vector<core::StepReport> CudaExecutable::report() const {
  const std::lock_guard lock(reportLock_);
  return report_;
}

}  // namespace pathex::cuda
