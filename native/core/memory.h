#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <new>

namespace pathex::core {

/// Wide enough for a cache line and for every vector register.
constexpr std::size_t alignment = 64;

constexpr std::size_t aligned(std::size_t bytes) {
  return (bytes + alignment - 1) / alignment * alignment;
}

/// Bytes that are held now. Shared by a device and everything made on it, so that it outlives them all.
using LiveBytes = std::shared_ptr<std::atomic<std::size_t>>;

/// A zero-filled, 64-byte aligned block, counted while it lives.
class Memory {
 public:
  Memory() = default;
  /// `live` may be empty: then the block is not counted. Throws std::bad_alloc.
  Memory(std::size_t bytes, LiveBytes live);
  Memory(Memory&& other) noexcept;
  Memory& operator=(Memory&& other) noexcept;
  ~Memory();

  std::byte* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
  LiveBytes live_;
};

}  // namespace pathex::core
