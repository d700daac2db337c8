#include "core/executor.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <numeric>

#include "core/check.h"
#include "core/constants.h"

namespace pathex::core {

HostExecutable::HostExecutable(Plan plan, bool profile)
    : plan_(std::move(plan)), profile_(profile), buffers_(plan_.buffers.size(), nullptr) {}

void HostExecutable::placeConstants() {
  std::size_t bytes = 0;
  for (const PlanBuffer& b : plan_.buffers) {
    if (b.place.in == In::constant) bytes += aligned(b.bytes());
  }
  constants_ = Memory(bytes);
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

Result<std::unique_ptr<Executable>> HostExecutable::make(Plan plan, KernelFactory& factory, bool profile,
                                                         StopFlag stop) {
  const std::string where = "plan '" + plan.name + "'";
  if (Status s = checkPlan(plan); !s.ok()) return s.within(where);
  std::unique_ptr<HostExecutable> made(new HostExecutable(std::move(plan), profile));
  made->stop_ = std::move(stop);
  try {
    made->arena_ = Memory(made->plan_.arenaBytes);
    made->placeConstants();
    std::size_t scratch = 0;
    for (const Step& step : made->plan_.steps) {
      auto kernel = factory.make(made->plan_, step);
      if (!kernel.ok()) return kernel.status().within(where + " step '" + nameOf(step) + "'");
      scratch = std::max(scratch, kernel.value()->scratchBytes());
      const auto* call = std::get_if<CallStep>(&step);
      made->report_.push_back({nameOf(step), call ? nameOf(call->kernel) : "fused", kernel.value()->implementation()});
      made->kernels_.push_back(std::move(kernel.value()));
    }
    made->imageRuns_.resize(made->plan_.steps.size());
    for (std::size_t i = 0; i < made->plan_.steps.size(); ++i) {
      auto steps = imageStepsAt(made->plan_, i, factory);
      if (!steps) continue;
      const std::size_t end = steps->end();
      for (std::size_t k = i; k < end; ++k) made->report_[k].implementation += ", image by image";
      made->imageRuns_[i] = std::make_unique<ImageRun>(made->plan_, std::move(*steps), profile);
      scratch = std::max(scratch, made->imageRuns_[i]->scratchBytes());
      i = end - 1;
    }
    made->scratch_ = Memory(scratch);
  } catch (const std::bad_alloc&) {
    return Status(Code::device, where + ": out of memory; the arena needs " + std::to_string(made->plan_.arenaBytes) +
                                    " bytes; use a smaller batch");
  }
  made->bytes_ = made->arena_.bytes() + made->constants_.bytes() + made->scratch_.bytes();
  return Result<std::unique_ptr<Executable>>(std::move(made));
}

void HostExecutable::count(std::size_t index, double seconds) {
  const std::lock_guard lock(reportLock_);
  report_[index].seconds += seconds;
  report_[index].least = std::min(report_[index].least, seconds);
  report_[index].calls += 1;
}

Status HostExecutable::runStep(std::size_t index, const Bindings& bindings) {
  if (!profile_) return kernels_[index]->run(bindings);
  const auto start = std::chrono::steady_clock::now();
  Status status = kernels_[index]->run(bindings);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  count(index, took.count());
  return status;
}

/// Steps that run by turns share the time as they kept threads busy.
void HostExecutable::runImages(ImageRun& steps, const Bindings& bindings) {
  const auto start = std::chrono::steady_clock::now();
  steps.run(bindings);
  if (!profile_) return;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const std::vector<double>& busy = steps.busySeconds();
  const double all = std::accumulate(busy.begin(), busy.end(), 0.0);
  for (std::size_t k = 0; k < busy.size(); ++k) count(steps.first() + k, took.count() * busy[k] / all);
}

Submitted HostExecutable::run(const std::vector<const Block*>& state, const std::vector<std::byte*>& inputs,
                              const std::vector<std::byte*>& outputs) {
  for (std::size_t i = 0; i < buffers_.size(); ++i) {
    const Place& place = plan_.buffers[i].place;
    if (place.in == In::state) buffers_[i] = reinterpret_cast<std::byte*>(state[place.at]->address());
    if (place.in == In::input) buffers_[i] = inputs[place.at];
    if (place.in == In::output) buffers_[i] = outputs[place.at];
  }
  const Bindings bindings{buffers_.data(), scratch_.data()};
  for (std::size_t i = 0; i < kernels_.size(); i += imageRuns_[i] ? imageRuns_[i]->count() : 1) {
    if (stop_ && *stop_) return Status(Code::device, "plan '" + plan_.name + "': ended early, the device is closing");
    const auto place = [&] { return "plan '" + plan_.name + "' step '" + nameOf(plan_.steps[i]) + "'"; };
    try {
      if (imageRuns_[i]) {
        runImages(*imageRuns_[i], bindings);
      } else if (Status s = runStep(i, bindings); !s.ok()) {
        return s.within(place());
      }
    } catch (const std::bad_alloc&) {
      return Status(Code::device, place() + ": out of memory; use a smaller batch");
    } catch (const std::exception& e) {  // a library may throw; oneDNN's C++ interface does
      return Status(Code::native, place() + ": " + e.what());
    }
  }
  return Status();
}

std::vector<StepReport> HostExecutable::report() const {
  const std::lock_guard lock(reportLock_);
  return report_;
}

}  // namespace pathex::core
