#pragma once

#include <optional>

#include "core/plan.h"

namespace pathex::cuda {

/// Where the sums of each channel of a convolution's result lie: of its elements, and of their squares.
struct ChannelSums {
  std::size_t first, second;
};

/// For step `at`, a conv2d whose next step does nothing but take both sums of its result about the channel's first
/// element: the places of those, or nothing where the steps have another form or the convolution reads what lies there.
std::optional<ChannelSums> channelSumsOf(const core::Plan&, std::size_t at);

}  // namespace pathex::cuda
