#pragma once

#include <memory>

#include "cuda/engines.h"
#include "cuda/graph_builder.h"
#include "cuda/kernel.h"

namespace pathex::cuda {

using PlanRef = std::shared_ptr<const cudnn::BuiltPlan>;

/// Runs an operation graph of cuDNN by a plan that was built for it, on the plan's buffers.
class GraphKernel final : public Kernel {
 public:
  /// `how` ends the implementation's name.
  GraphKernel(std::shared_ptr<const cudnn::Session> session, PlanRef plan, const OperationGraph& graph,
              std::string how = "");

  core::Status enqueue(const Bindings&, CUstream) override;
  std::size_t workspaceBytes() const override { return plan_->workspace; }
  std::string implementation() const override {
    return "cudnn engine " + std::to_string(plan_->choice.engine) + ", knobs " + showKnobs(plan_->choice.knobs) + how_;
  }

 private:
  /// Addresses seldom change: a pack serves until they do.
  core::Status pack();

  std::shared_ptr<const cudnn::Session> session_;
  PlanRef plan_;
  std::string how_;
  std::vector<std::size_t> buffers_;
  std::vector<float> values_;
  /// Buffers, values, workspace.
  std::vector<std::int64_t> ids_;
  std::vector<void*> pointers_, packed_;
  cudnn::Descriptor pack_;
};

}  // namespace pathex::cuda
