#include "core/memory.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/sizes.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace pathex::core {

namespace {

#ifdef __linux__

/// From here on memory lies on huge pages where the system grants them: an arena of activations is walked through in
/// every step, and with small pages its address translations alone outgrow the processor's table.
constexpr std::size_t hugePage = std::size_t{2} << 20;

constexpr std::size_t pagesFor(std::size_t bytes) {
  return (bytes + hugePage - 1) / hugePage * hugePage;
}

/// Pages of zeros. The system makes them when they are first touched: those of an arena during the first run and by
/// all threads, where filling it here would be one thread's work, at every load.
std::byte* map(std::size_t bytes) {
  const std::size_t room = pagesFor(bytes), whole = room + hugePage;
  void* const mapped = mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* const first = static_cast<std::byte*>(mapped);
  const auto address = reinterpret_cast<std::uintptr_t>(mapped);
  const std::size_t before = pagesFor(address) - address;
  if (before > 0) munmap(first, before);
  munmap(first + before + room, whole - before - room);
#ifdef MADV_HUGEPAGE
  madvise(first + before, room, MADV_HUGEPAGE);  // a wish: refusal costs speed, nothing else
#endif
  return first + before;
}

#endif

std::byte* allocate(std::size_t bytes) {
#ifdef __linux__
  if (bytes >= hugePage) return map(bytes);
#endif
  const std::size_t room = aligned(bytes == 0 ? 1 : bytes);
  auto* const data = static_cast<std::byte*>(std::aligned_alloc(alignment, room));
  if (data != nullptr) std::memset(data, 0, room);
  return data;
}

void release(std::byte* data, std::size_t bytes) {
#ifdef __linux__
  if (bytes >= hugePage) {
    munmap(data, pagesFor(bytes));
    return;
  }
#endif
  std::free(data);
}

}  // namespace

Memory::Memory(std::size_t bytes) : data_(bytes > mostBytes ? nullptr : allocate(bytes)), bytes_(bytes) {
  if (data_ == nullptr) throw std::bad_alloc();
}

Memory::Memory(Memory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Memory& Memory::operator=(Memory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Memory::~Memory() {
  if (data_ != nullptr) release(data_, bytes_);
}

}  // namespace pathex::core
