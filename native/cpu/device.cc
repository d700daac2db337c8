#include "cpu/device.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "core/executor.h"
#include "core/memory.h"
#include "cpu/team.h"

namespace pathex::cpu {

namespace {

class HostBlock final : public core::Block {
 public:
  explicit HostBlock(core::Memory memory)
      : Block(reinterpret_cast<std::uintptr_t>(memory.data()), memory.bytes()), memory_(std::move(memory)) {}

 private:
  core::Memory memory_;
};

std::byte* bytesOf(const core::Block& block) {
  return reinterpret_cast<std::byte*>(block.address());
}

class CpuDevice final : public core::Device {
  using Clock = std::chrono::steady_clock;

 public:
  CpuDevice(Team team, core::StopFlag stop) : team_(std::move(team)), stop_(std::move(stop)) {}

  std::string description() const override {
    const Probe found = probe();
    return "oneDNN " + found.onednn + ", " + found.isa + ", " + describe(team_);
  }

  core::Result<std::unique_ptr<core::Block>> allocate(std::size_t bytes) override {
    try {
      return std::unique_ptr<core::Block>(std::make_unique<HostBlock>(core::Memory(bytes)));
    } catch (const std::bad_alloc&) {
      return core::Status(core::Code::device, "no memory for " + std::to_string(bytes) +
                                                  " bytes; use a smaller batch, or dispose what is no longer used");
    }
  }

  core::Submitted write(const core::Block& to, const std::byte* from) override {
    std::memcpy(bytesOf(to), from, to.bytes());
    return core::Status();
  }
  core::Submitted read(const core::Block& from, std::byte* to) override {
    std::memcpy(to, bytesOf(from), from.bytes());
    return core::Status();
  }
  core::Submitted mark(double* seconds) override {
    *seconds = std::chrono::duration<double>(Clock::now() - opened_).count();
    return core::Status();
  }

  core::Result<std::unique_ptr<core::Executable>> load(core::Plan plan, core::LoadOptions options) override {
    const auto isNarrow = [](const core::PlanBuffer& b) {
      return b.place.in == core::In::arena && b.dtype == core::StorageType::bf16;
    };
    if (std::any_of(plan.buffers.begin(), plan.buffers.end(), isNarrow)) {
      return core::planError("plan '" + plan.name +
                             "': it keeps values as bf16, the cpu device computes on float32 alone; compile it with "
                             "storage 'f32'");
    }
    return core::HostExecutable::make(std::move(plan), backend_, options.profile, stop_);
  }

 private:
  Team team_;
  core::StopFlag stop_;
  Clock::time_point opened_ = Clock::now();
  Backend backend_;
};

}  // namespace

core::Result<std::unique_ptr<core::Device>> open(int threads, core::StopFlag stop) {
  return std::unique_ptr<core::Device>(std::make_unique<CpuDevice>(settleTeam(threads), std::move(stop)));
}

}  // namespace pathex::cpu
