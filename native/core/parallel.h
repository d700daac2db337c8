#pragma once

#include <omp.h>

#include <cstddef>

/// Work is always cut into parts by its size alone; threads only decide who computes a part. So results have the same
/// bits for any number of threads.
namespace pathex::core {

struct Range {
  std::size_t begin = 0, end = 0;
  std::size_t size() const { return end - begin; }
};

/// Part `index` of `parts` nearly equal parts of 0..count-1.
inline Range partOf(std::size_t count, std::size_t index, std::size_t parts) {
  return {count * index / parts, count * (index + 1) / parts};
}

inline std::size_t threadCount() {
  return static_cast<std::size_t>(omp_get_max_threads());
}
inline std::size_t threadIndex() {
  return static_cast<std::size_t>(omp_get_thread_num());
}

/// body(part) for every part below `parts`, on the team of the calling thread; one part wakes nobody.
template <class Body>
void forEachPart(std::size_t parts, const Body& body) {
  if (parts == 1 || threadCount() == 1) {
    for (std::size_t part = 0; part < parts; ++part) body(part);
    return;
  }
#pragma omp parallel for schedule(dynamic, 1)
  for (std::size_t part = 0; part < parts; ++part) body(part);
}

/// body(thread, nextPart) on each thread of a team, where nextPart(f) calls f(part) for the parts this thread gets.
template <class Body>
void forEachPartOfTeam(std::size_t parts, [[maybe_unused]] std::size_t threads, const Body& body) {
#pragma omp parallel num_threads(static_cast <int>(threads))
  body(threadIndex(), [&](const auto& f) {
#pragma omp for schedule(dynamic, 1)
    for (std::size_t part = 0; part < parts; ++part) f(part);
  });
}

/// body(range) over 0..count-1 in ranges of about `grain` items, but no more than 64 ranges.
template <class Body>
void forEachRange(std::size_t count, std::size_t grain, const Body& body) {
  const std::size_t wanted = (count + grain - 1) / grain;
  const std::size_t parts = wanted < 1 ? 1 : wanted > 64 ? 64 : wanted;
  forEachPart(parts, [&](std::size_t part) { body(partOf(count, part, parts)); });
}

}  // namespace pathex::core
