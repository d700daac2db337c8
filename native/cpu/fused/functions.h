#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

/// exp, log and powers of two as straight-line code without branches or calls, so that the compiler vectorises the
/// loops around them. At most 2 ulp from the true value; infinities, NaN and denormals as in <cmath>.
namespace pathex::cpu {

/// 2^k for an integer k in -252..254, in two steps so that neither factor leaves the normal range.
inline float scaledByPower(float x, std::int32_t k) {
  const std::int32_t half = k >> 1;
  const float first = std::bit_cast<float>((half + 127) << 23);
  const float second = std::bit_cast<float>((k - half + 127) << 23);
  return x * first * second;
}

/// e^r for |r| <= ln(2)/2 by its series; exactly 1 at 0.
inline float expOfSmall(float r) {
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  return p * r + 1.0f;
}

inline float clamped(float x, float low, float high) {  // NaN passes as `low`: callers mend it
  const float above = x > low ? x : low;
  return above < high ? above : high;
}

inline float exp(float x) {
  constexpr float ln2High = 0x1.62e4p-1f, ln2Low = 0x1.7f7d1cp-20f;  // k * ln2High is exact
  const float inside = clamped(x, -150.0f, 130.0f);
  const float k = std::nearbyint(inside * 1.44269504f);
  const float r = (inside - k * ln2High) - k * ln2Low;
  const float y = scaledByPower(expOfSmall(r), static_cast<std::int32_t>(k));
  return x != x ? x : y;
}

inline float exp2(float x) {
  const float inside = clamped(x, -200.0f, 200.0f);
  const float k = std::nearbyint(inside);
  const float y = scaledByPower(expOfSmall((inside - k) * 0.693147181f), static_cast<std::int32_t>(k));
  return x != x ? x : y;
}

inline float log(float x) {
  constexpr float ln2High = 0x1.62e4p-1f, ln2Low = 0x1.7f7d1cp-20f;
  const bool denormal = x < std::numeric_limits<float>::min();
  const float normal = denormal ? x * 0x1p23f : x;
  const auto bits = std::bit_cast<std::uint32_t>(normal);
  // Offset so that the fraction m lies in sqrt(1/2)..sqrt(2): then log(x) = k ln 2 + log(m) without cancellation.
  const auto offset = static_cast<std::int32_t>(bits - 0x3f3504f3u);  // unsigned: -0.0 would overflow
  const float k = static_cast<float>((offset >> 23) - (denormal ? 23 : 0));
  const float m = std::bit_cast<float>((offset & 0x007fffff) + 0x3f3504f3);
  const float f = m - 1.0f;
  const float s = f / (m + 1.0f), z = s * s;
  // log(m) = 2 atanh(s) = f - s * (f - R), with R the rest of the series.
  const float rest = z * (2.0f / 3 + z * (2.0f / 5 + z * (2.0f / 7 + z * (2.0f / 9 + z * (2.0f / 11)))));
  const float logM = f - s * (f - rest);
  const float y = k * ln2High + (logM + k * ln2Low);
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const float atEdge = x == 0.0f ? -infinity : std::numeric_limits<float>::quiet_NaN();
  const float inRange = x < infinity ? y : x;
  return x > 0.0f ? inRange : x != x ? x : atEdge;
}

/// floor(log2 |x|); 0 at 0, NaN for infinities and NaN.
inline float exponent(float x) {
  const float a = std::fabs(x);
  const bool denormal = a < std::numeric_limits<float>::min();
  const float normal = denormal ? a * 0x1p24f : a;
  const std::int32_t biased = std::bit_cast<std::int32_t>(normal) >> 23;
  const float e = static_cast<float>(biased - (denormal ? 127 + 24 : 127));
  const float finite = a < std::numeric_limits<float>::infinity() ? e : std::numeric_limits<float>::quiet_NaN();
  return a == 0.0f ? 0.0f : finite;
}

}  // namespace pathex::cpu
