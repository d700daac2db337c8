#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <immintrin.h>
#endif

/// Stores around the caches, for results that no cache will hold until they are read.
namespace pathex::core {

/// From this size on a buffer outgrows the second cache of a core or two; a shared third one holds little of what the
/// many buffers of a step write.
constexpr std::size_t streamedBytes = std::size_t{4} << 20;

/// Copies n floats; x and y are apart. The thread that stores calls endStream before others read.
inline void stream(float* y, const float* x, std::size_t n) {
#if defined(__AVX512F__)
  constexpr std::size_t lanes = 16;
#elif defined(__AVX__)
  constexpr std::size_t lanes = 8;
#elif defined(__SSE2__)
  constexpr std::size_t lanes = 4;
#else
  constexpr std::size_t lanes = 1;
#endif
  const std::size_t past = reinterpret_cast<std::uintptr_t>(y) / sizeof(float) % lanes;
  const std::size_t head = std::min(n, past == 0 ? 0 : lanes - past);
  std::memcpy(y, x, head * sizeof(float));
  std::size_t i = head;
  for (; i + lanes <= n; i += lanes) {
#if defined(__AVX512F__)
    _mm512_stream_ps(y + i, _mm512_loadu_ps(x + i));
#elif defined(__AVX__)
    _mm256_stream_ps(y + i, _mm256_loadu_ps(x + i));
#elif defined(__SSE2__)
    _mm_stream_ps(y + i, _mm_loadu_ps(x + i));
#else
    y[i] = x[i];
#endif
  }
  std::memcpy(y + i, x + i, (n - i) * sizeof(float));
}

/// Streamed stores may still wait in the core; this sends them off.
inline void endStream() {
#ifdef __SSE2__
  _mm_sfence();
#endif
}

}  // namespace pathex::core
