#pragma once

#include <array>
#include <vector>

#include "core/plan.h"
#include "cuda/cudnn.h"

/// Operation graphs of cuDNN, with what they are bound to when they run.
namespace pathex::cuda {

/// [n,h,w,c], as activations lie in memory. cuDNN's logical dimensions are nchw whatever the layout.
using Nhwc = std::array<std::int64_t, 4>;

struct OperationGraph {
  struct Bound {
    std::int64_t id;
    std::size_t buffer;
  };
  struct ByValue {
    std::int64_t id;
    float value;
  };
  /// What the graph refers to.
  std::vector<cudnn::Descriptor> parts;
  cudnn::Descriptor graph;
  /// Tensors that are buffers of the plan, and those whose one element is passed from the host.
  std::vector<Bound> bound;
  std::vector<ByValue> values;
};

enum class Direction { forward, inputGrad, weightGrad };

/// Describes tensors and operations in turn. The first failure sticks, and finish() reports it.
class GraphBuilder {
 public:
  explicit GraphBuilder(const cudnn::Session& session) : session_(session) {}

  cudnn::RawDescriptor bound(const core::Plan&, std::size_t buffer, const Nhwc&);
  cudnn::RawDescriptor byValue(float);
  /// An intermediate value, never written to memory.
  cudnn::RawDescriptor passing(const Nhwc&, cudnn::DataType = cudnn::CUDNN_DATA_FLOAT);

  /// y = conv(x, w), x = the adjoint in x of (y, w), or w = the adjoint in w of (x, y).
  void convolution(Direction, const core::ConvAttributes&, cudnn::RawDescriptor x, cudnn::RawDescriptor w,
                   cudnn::RawDescriptor y);
  /// One to three arguments in float32; a condition comes first.
  void pointwise(cudnn::PointwiseMode, const std::vector<cudnn::RawDescriptor>& args, cudnn::RawDescriptor y);
  /// y = the sum of x over the axes along which y has one element, in float32. `deterministic`, of cuDNN 9.11 or later:
  /// the same bits in every run.
  void sum(cudnn::RawDescriptor x, cudnn::RawDescriptor y, bool deterministic);

  core::Result<OperationGraph> finish();

 private:
  enum class Kind { bound, byValue, passing };
  void operation(core::Result<cudnn::Descriptor>);
  /// Keeps what an operation refers to.
  cudnn::RawDescriptor keep(core::Result<cudnn::Descriptor>);
  cudnn::RawDescriptor tensor(const Nhwc&, cudnn::DataType, Kind);

  const cudnn::Session& session_;
  OperationGraph made_;
  std::vector<cudnn::RawDescriptor> operations_;
  std::int64_t ids_ = 0;
  core::Status status_;
};

}  // namespace pathex::cuda
