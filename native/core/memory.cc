#include "core/memory.h"

#include <cstdlib>
#include <cstring>
#include <utility>

namespace pathex::core {

Memory::Memory(std::size_t bytes, LiveBytes live) : bytes_(bytes), live_(std::move(live)) {
  const std::size_t room = aligned(bytes == 0 ? 1 : bytes);
  data_ = static_cast<std::byte*>(std::aligned_alloc(alignment, room));
  if (data_ == nullptr) throw std::bad_alloc();
  std::memset(data_, 0, room);
  if (live_) *live_ += bytes_;
}

Memory::Memory(Memory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)), live_(std::move(other.live_)) {}

Memory& Memory::operator=(Memory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  std::swap(live_, other.live_);
  return *this;
}

Memory::~Memory() {
  if (data_ == nullptr) return;
  std::free(data_);
  if (live_) *live_ -= bytes_;
}

}  // namespace pathex::core
