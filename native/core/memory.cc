#include "core/memory.h"

#include <cstdlib>
#include <cstring>
#include <utility>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace pathex::core {

namespace {

/// From here on memory lies on huge pages where the system grants them: an arena of activations is walked through in
/// every step, and with small pages its address translations alone outgrow the processor's table.
constexpr std::size_t hugePage = std::size_t{2} << 20;

std::byte* allocate(std::size_t room) {
  const bool isHuge = room >= hugePage;
  auto* data = static_cast<std::byte*>(
      std::aligned_alloc(isHuge ? hugePage : alignment, isHuge ? (room + hugePage - 1) / hugePage * hugePage : room));
#ifdef MADV_HUGEPAGE
  if (data != nullptr && isHuge) madvise(data, room, MADV_HUGEPAGE);  // a wish: refusal costs speed, nothing else
#endif
  return data;
}

}  // namespace

Memory::Memory(std::size_t bytes) : bytes_(bytes) {
  const std::size_t room = aligned(bytes == 0 ? 1 : bytes);
  data_ = allocate(room);
  if (data_ == nullptr) throw std::bad_alloc();
  std::memset(data_, 0, room);
}

Memory::Memory(Memory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Memory& Memory::operator=(Memory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Memory::~Memory() {
  std::free(data_);
}

}  // namespace pathex::core
