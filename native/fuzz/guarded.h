#pragma once

#include <cstddef>

#include "core/device.h"

namespace pathex::fuzz {

/// Room for one slot of a plan. What is bound ends where a page begins that nobody may touch, which stops libraries
/// that no sanitiser sees; and all else of the room is poisoned, which stops our own code.
class Guarded {
 public:
  Guarded();
  ~Guarded();
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  static constexpr std::size_t room = std::size_t{1} << 20;
  /// So many bytes, which end at the guard; at most `room`. They hold until the next call.
  std::byte* take(std::size_t bytes);

 private:
  std::byte* mapped_ = nullptr;
};

/// Guarded bytes as a block of the device.
class GuardedBlock final : public core::Block {
 public:
  GuardedBlock(std::byte* at, std::size_t bytes) : Block(reinterpret_cast<std::uintptr_t>(at), bytes) {}
};

}  // namespace pathex::fuzz
