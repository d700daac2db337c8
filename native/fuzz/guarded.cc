#include "fuzz/guarded.h"

#include <sanitizer/asan_interface.h>
#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>

namespace pathex::fuzz {

namespace {
constexpr std::size_t page = 4096;
}

Guarded::Guarded() {
  void* const mapped = mmap(nullptr, room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  mapped_ = static_cast<std::byte*>(mapped);
  if (mapped == MAP_FAILED || mprotect(mapped_ + page, room, PROT_READ | PROT_WRITE) != 0) {
    std::perror("guarded memory");
    std::exit(2);
  }
  ASAN_POISON_MEMORY_REGION(mapped_ + page, room);
}

Guarded::~Guarded() {
  ASAN_UNPOISON_MEMORY_REGION(mapped_ + page, room);
  munmap(mapped_, room + 2 * page);
}

std::byte* Guarded::take(std::size_t bytes) {
  ASAN_POISON_MEMORY_REGION(mapped_ + page, room);
  std::byte* const at = mapped_ + page + room - bytes;
  ASAN_UNPOISON_MEMORY_REGION(at, bytes);
  return at;
}

}  // namespace pathex::fuzz
