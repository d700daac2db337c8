#pragma once

#include <functional>
#include <optional>

#include "cuda/graph_kernel.h"
#include "cuda/library_kernels.h"

/// Which implementation of an operation graph runs.
namespace pathex::cuda {

/// An operation that has to be implemented.
struct Problem {
  LibraryContext& context;
  const OperationGraph& graph;
  /// Of the convolution.
  core::StorageType operands;
  /// Everything that decides which implementations there are, and which are permitted.
  std::string signature;
};

struct Choice {
  PlanRef plan;
  /// Of one run, if that was measured.
  std::optional<double> seconds;
};

/// Every permitted candidate once, the heuristic's before those that always work. Empty where cuDNN knows none.
core::Result<std::vector<cudnn::Candidate>> permitted(const Problem&);
/// The first that can be built: listed is not buildable.
core::Result<Choice> firstBuilt(const Problem&, const std::vector<cudnn::Candidate>&);

/// Seconds of one run; what takes far longer than `best` gets a rough answer.
using Measure = std::function<core::Result<double>(const PlanRef&, double best)>;
/// The fastest of those that are tried. `best`: what they have to compete with, or infinite.
core::Result<Choice> fastest(const Problem&, const std::vector<cudnn::Candidate>&, const Measure&, double best);

/// A remembered implementation, unless this cuDNN does not build it after all or it is not permitted.
PlanRef recalled(const Problem&, const cudnn::EngineChoice&);

}  // namespace pathex::cuda
