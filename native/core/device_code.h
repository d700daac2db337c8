#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/plan.h"
#include "core/status.h"

/// Code for a device that compiles it when a plan is loaded: the CudaPlan of src/compile/cuda, name for name, less the
/// plan itself.
namespace pathex::core {

constexpr int deviceCodeVersion = 3;

/// An address: a buffer of the plan, or a byte of the workspace that all steps share in turn.
struct Argument {
  enum class Of { buffer, scratch } of = Of::buffer;
  std::size_t at = 0;
};

struct Launch {
  std::string kernel;
  std::array<std::size_t, 3> grid{}, block{};
  std::vector<Argument> args;
};

/// One step of the plan: its launches in order, or a call of the device's libraries.
struct CodeStep {
  bool isLibrary = false;
  std::vector<Launch> launches;
  /// How many other steps these launches do as well.
  std::size_t covers = 0;
  /// Does what they do where the convolution before left the sums of its channels and of their squares in the places
  /// of the step's first and second reduction.
  std::optional<Launch> fromSums;
  /// It may run beside the steps after it that do not wait for it: in the side stream, after all steps before it.
  bool isAside = false;
  /// The step of the side stream that this one waits for.
  std::optional<std::size_t> after;
};

struct DeviceCode {
  std::string source;
  std::vector<CodeStep> steps;
  std::size_t scratchBytes = 0;
};

/// Refuses code that does not belong to the plan or that no GPU could launch.
Status checkCode(const Plan&, const DeviceCode&);

}  // namespace pathex::core
