#pragma once

#include "core/plan.h"
#include "core/status.h"

namespace pathex::core {

/// Refuses a plan whose steps would read or write outside their buffers. What a kernel's attributes ask of its
/// buffers is checked by expectBuffers where the kernel is made.
Status checkPlan(const Plan&);

/// What a product's operands are: bf16 if its first is.
StorageType operandsOf(const Plan&, const CallStep&);

struct Expected {
  StorageType dtype;
  std::size_t elements;
};
/// Checks the operands of a call: their number, element types and sizes.
Status expectBuffers(const Plan&, const CallStep&, const std::vector<Expected>& inputs,
                     const std::vector<Expected>& outputs);

}  // namespace pathex::core
