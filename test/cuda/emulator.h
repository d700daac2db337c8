#pragma once

// CUDA C on the host, for tests of the emitted source without a GPU: what the source uses of the language and its built-in functions.
// Blocks run one after another; the threads of a block are fibers that change places at __syncthreads only, in either order, so that
// what depends on the order of threads or blocks shows as a difference.

#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#define __global__
#define __device__
#define __shared__ static
#define __launch_bounds__(threads)

struct Dim {
  unsigned x, y, z;
};
inline Dim threadIdx, blockIdx, blockDim, gridDim;

namespace emulator {

[[noreturn]] inline void stop(const char* what) {
  std::fprintf(stderr, "emulator: %s (block %u %u, thread %u)\n", what, blockIdx.x, blockIdx.y, threadIdx.x);
  std::exit(1);
}

inline bool reversed = false;

/// A fiber runs the kernel for one thread, again and again for other blocks.
struct Fiber {
  ucontext_t start;
  jmp_buf at;
  bool started = false, done = false;
  unsigned thread = 0;
};

inline std::vector<std::unique_ptr<Fiber>> fibers;
inline jmp_buf scheduler;
inline Fiber* current = nullptr;  // none while threads run straight through
inline const std::function<void()>* kernel = nullptr;

inline void yield() {
  if (_setjmp(current->at) == 0) _longjmp(scheduler, 1);
  threadIdx.x = current->thread;
}

inline void runFiber() {
  for (;;) {
    (*kernel)();
    current->done = true;
    yield();
  }
}

inline Fiber& fiber(std::size_t i) {
  constexpr std::size_t stack = 64 * 1024;
  while (fibers.size() <= i) {
    auto f = std::make_unique<Fiber>();
    getcontext(&f->start);
    f->start.uc_stack.ss_sp = mmap(nullptr, stack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    f->start.uc_stack.ss_size = stack;
    makecontext(&f->start, runFiber, 0);
    fibers.push_back(std::move(f));
  }
  return *fibers[i];
}

/// Runs a thread to its next barrier or its end.
inline void resume(Fiber& f, unsigned thread) {
  current = &f;
  f.thread = thread;
  threadIdx.x = thread;
  if (_setjmp(scheduler) == 0) {
    if (f.started) _longjmp(f.at, 1);
    f.started = true;
    setcontext(&f.start);
  }
  current = nullptr;
}

inline void runBlock() {
  const unsigned threads = blockDim.x;
  const auto threadAt = [&](unsigned i) { return reversed ? threads - 1 - i : i; };
  fiber(0).done = false;
  resume(fiber(0), threadAt(0));
  if (fiber(0).done) {  // no barrier: the others need no fiber
    for (unsigned i = 1; i < threads; ++i) {
      threadIdx.x = threadAt(i);
      (*kernel)();
    }
    return;
  }
  for (unsigned i = 1; i < threads; ++i) {
    fiber(i).done = false;
    resume(fiber(i), threadAt(i));
    if (fiber(i).done) stop("a thread ends where another waits at __syncthreads");
  }
  for (bool ended = false; !ended;) {
    for (unsigned i = 0; i < threads; ++i) {
      resume(fiber(i), threadAt(i));
      if (i > 0 && fiber(i).done != ended) stop("a thread ends where another waits at __syncthreads");
      ended = fiber(i).done;
    }
  }
}

inline void launch(Dim grid, Dim block, const std::function<void()>& body) {
  gridDim = grid;
  blockDim = block;
  kernel = &body;
  const unsigned blocks = grid.x * grid.y;
  for (unsigned i = 0; i < blocks; ++i) {
    const unsigned b = reversed ? blocks - 1 - i : i;
    blockIdx = {b % grid.x, b / grid.x, 0};
    runBlock();
  }
}

/// Memory that ends at a page which must not be touched; poisoned with NaN.
inline void* allocate(std::size_t bytes) {
  const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t own = (bytes + 15) / 16 * 16, room = (own + page - 1) / page * page;
  auto* base = static_cast<std::byte*>(
      mmap(nullptr, room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (base == MAP_FAILED || mprotect(base + page, room, PROT_READ | PROT_WRITE) != 0) stop("no memory");
  std::memset(base + page, 0xff, room);
  return base + page + room - own;
}

/// A device pointer: whatever the kernel says it points to.
struct Pointer {
  void* to;
  template <class T>
  operator T*() const {
    return static_cast<T*>(to);
  }
};

}  // namespace emulator

inline void __syncthreads() {
  if (emulator::current == nullptr) emulator::stop("a thread waits at __syncthreads where another ended");
  emulator::yield();
}
inline void __threadfence() {}
inline unsigned atomicAdd(unsigned* at, unsigned value) {
  const unsigned old = *at;
  *at = old + value;
  return old;
}
/// Kernels read so what other blocks wrote: what is still poisoned was read too early.
template <class T>
inline T __ldcg(const T* at) {
  T poison;
  std::memset(&poison, 0xff, sizeof poison);
  if (std::memcmp(at, &poison, sizeof poison) == 0) emulator::stop("a block reads what no block has written yet");
  return *at;
}
inline float __int_as_float(std::int64_t bits) {
  const auto low = static_cast<std::uint32_t>(bits);
  float x;
  std::memcpy(&x, &low, sizeof x);
  return x;
}
inline int __float_as_int(float x) {
  int bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}
inline float __fmul_rn(float a, float b) {
  return a * b;
}
extern "C" inline void __assertfail(const char* message, const char*, unsigned, const char*, std::size_t) {
  std::fprintf(stderr, "assert: %s\n", message);
  std::exit(3);
}
