#pragma once

#include "core/device_code.h"
#include "cuda/context.h"
#include "cuda/executable.h"
#include "cuda/library_kernels.h"

namespace pathex::cuda {

/// Replaces the kernels of convolutions and of the steps after them, all of them ready, where the plan says that one call
/// may do both, or take the sums of the second, and cuDNN does so in less time than they take apart. See Note [Pairs].
core::Status joinPairs(LibraryContext&, Context&, const core::Plan&, const core::DeviceCode&, ReadySteps&);

}  // namespace pathex::cuda

// Note [Pairs]
// A map that launches of its own do becomes an epilogue: one operation, and nothing is left of the second step. Moments
// of the convolution's result leave something: cuDNN adds up y and its square, and `fromSums` makes of these what the
// step's launches would, those of the steps that they do besides included. The convolution then waits for what either
// step waits for in the other stream.
