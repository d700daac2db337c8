#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/plan.h"
#include "cuda/cudnn.h"

/// Convolutions as operation graphs of cuDNN. Logical dimensions are cuDNN's (nchw, kcrs) whatever the layout.
namespace pathex::cuda {

enum class Direction { forward, inputGrad, weightGrad };

/// The numbers under which a variant pack names the operands.
enum OperandId : std::int64_t { idX = 1, idW = 2, idY = 3, idSum = 4 };

struct ConvTensors {
  cudnn::Descriptor x, w, y;
};
/// A float32 tensor of shape [n,h,w,c] as it lies in memory.
core::Result<cudnn::Descriptor> activations(const cudnn::Session&, std::int64_t id, std::int64_t n, std::int64_t h,
                                            std::int64_t w, std::int64_t c);
core::Result<cudnn::Descriptor> convGeometry(const cudnn::Session&, const core::ConvAttributes&);
/// y = conv(x, w), x = the adjoint in x of (y, w), or w = the adjoint in w of (x, y).
core::Result<cudnn::Descriptor> convOperation(const cudnn::Session&, Direction, const cudnn::Descriptor& geometry,
                                              const cudnn::Descriptor& x, const cudnn::Descriptor& w,
                                              const cudnn::Descriptor& y);
core::Result<cudnn::Descriptor> operationGraph(const cudnn::Session&, std::span<const cudnn::RawDescriptor> operations);

/// An operation graph with everything that it refers to.
struct ConvGraph {
  ConvTensors tensors;
  cudnn::Descriptor geometry, operation;
  /// Of a weight gradient on bf16 operands: its sum, and the operation that writes it.
  cudnn::Descriptor sum, identity, writing;
  cudnn::Descriptor graph;
};
/// For operands of type f32 or bf16, added up in float32. A weight gradient is float32 in either case: cuDNN has no such
/// convolution of bf16 operands, but one whose sum goes through an identity.
core::Result<ConvGraph> convGraph(const cudnn::Session&, Direction, const core::ConvAttributes&,
                                  core::StorageType operands);

/// "conv2d 128x32x32x16 to 16, kernel 3x3, ...": everything that decides which implementations there are.
std::string signatureOf(const std::string& kernel, const core::ConvAttributes&);

}  // namespace pathex::cuda
