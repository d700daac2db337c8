#pragma once

#include <string>

#include "cuda/epilogue.h"
#include "cuda/graph_builder.h"

/// Convolutions as operation graphs of cuDNN.
namespace pathex::cuda {

Direction directionOf(const core::CallStep&);

/// For operands of type f32 or bf16, added up in float32. A weight gradient is float32 in either case: cuDNN has no
/// such convolution of bf16 operands, but one whose sum goes through an identity. With an epilogue, the results of that
/// are written, and the convolution's own only if a later step reads it.
core::Result<OperationGraph> convGraph(const cudnn::Session&, const core::Plan&, const core::CallStep&,
                                       const Epilogue* = nullptr);

/// y = conv2d(x, w), written, and the sums of its channels and of their squares, taken before y is rounded where it is
/// kept as bf16.
core::Result<OperationGraph> convSumsGraph(const cudnn::Session&, const core::Plan&, const core::CallStep&,
                                           const core::SumsEpilogue&, bool deterministic);

/// "conv2d 128x32x32x16 to 16, kernel 3x3, ...": everything that decides which implementations there are.
std::string signatureOf(core::Call kernel, const core::ConvAttributes&);

}  // namespace pathex::cuda
