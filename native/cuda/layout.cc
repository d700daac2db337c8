#include <algorithm>

#include "cuda/executable.h"

namespace pathex::cuda {

namespace {

/// What cuMemAlloc promises, so that every part begins as an allocation of its own would.
constexpr std::size_t partAlignment = 256;
/// Of a slot or a constant; as in the arena (src/compile/memory.ts).
constexpr std::size_t slotAlignment = 64;

constexpr std::size_t alignedTo(std::size_t alignment, std::size_t bytes) {
  return (bytes + alignment - 1) / alignment * alignment;
}

/// Lays things out one after the other and returns the bytes of all.
class Row {
 public:
  std::size_t place(std::size_t bytes) {
    const std::size_t at = end_;
    end_ += alignedTo(slotAlignment, bytes);
    return at;
  }
  std::size_t end() const { return end_; }

 private:
  std::size_t end_ = 0;
};

}  // namespace

Layout::Layout(const core::Plan& plan, const ReadySteps& steps, bool hasSide) : constantAt(plan.buffers.size(), 0) {
  Row constantRow, inputRow, outputRow;
  for (std::size_t i = 0; i < plan.buffers.size(); ++i) {
    if (plan.buffers[i].place.in == core::In::constant) constantAt[i] = constantRow.place(plan.buffers[i].bytes());
  }
  for (const core::Slot& slot : plan.inputs) inputAt.push_back(inputRow.place(plan.buffers[slot.buffer].bytes()));
  for (const core::Slot& slot : plan.outputs) outputAt.push_back(outputRow.place(plan.buffers[slot.buffer].bytes()));
  inputBytes = inputRow.end();
  outputBytes = outputRow.end();
  std::size_t workspaceBytes = 0, sideBytes = 0;
  for (std::size_t i = 0; i < steps.kernels.size(); ++i) {
    const std::size_t own = steps.kernels[i]->workspaceBytes();
    workspaceBytes = std::max(workspaceBytes, own);
    if (hasSide && steps.isAside[i]) sideBytes = std::max(sideBytes, own);
  }

  std::size_t end = alignedTo(partAlignment, plan.arenaBytes);
  for (const auto& [part, size] :
       {std::pair(&constants, constantRow.end()), std::pair(&inputs, inputBytes), std::pair(&outputs, outputBytes),
        std::pair(&scratch, steps.scratchBytes), std::pair(&workspace, workspaceBytes),
        std::pair(&sideWorkspace, sideBytes)}) {
    *part = end;
    end += alignedTo(partAlignment, size);
  }
  bytes = end;
}

}  // namespace pathex::cuda
