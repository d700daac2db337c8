#include "cpu/team.h"

#include <omp.h>
#include <pthread.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <set>
#include <string_view>
#include <vector>

namespace pathex::cpu {

namespace {

/// Node starts four threads when it first reads a file, and aborts where it cannot.
constexpr int spareThreads = 4;

/// Bytes of a team member's stack as OMP_STACKSIZE gives it ("512K", "1 G"; kilobytes where no unit is named); 0 where
/// it gives none.
std::size_t stackBytes() {
  const char* text = std::getenv("OMP_STACKSIZE");
  if (text == nullptr) text = std::getenv("GOMP_STACKSIZE");
  if (text == nullptr) return 0;
  char* end = nullptr;
  const unsigned long long count = std::strtoull(text, &end, 10);
  while (*end == ' ') ++end;
  constexpr std::string_view units = "bkmg";
  const std::size_t unit = *end == '\0' ? 1 : units.find(static_cast<char>(*end | 0x20));
  return unit == std::string_view::npos ? 0 : static_cast<std::size_t>(count) << (10 * unit);
}

/// How many of `wanted` threads the system grants at once beside those there are.
int creatableThreads(int wanted) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  if (const std::size_t bytes = stackBytes(); bytes > 0) pthread_attr_setstacksize(&attributes, bytes);
  std::mutex gate;
  std::vector<pthread_t> threads;
  gate.lock();
  const auto passGate = [](void* closed) -> void* {
    const std::lock_guard pass(*static_cast<std::mutex*>(closed));
    return nullptr;
  };
  for (pthread_t thread = {}; static_cast<int>(threads.size()) < wanted; threads.push_back(thread)) {
    if (pthread_create(&thread, &attributes, passGate, &gate) != 0) break;
  }
  gate.unlock();
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  return static_cast<int>(threads.size());
}

/// Processors in the places that threads are bound to; 0 where they are bound to none.
int placedProcessors() {
  std::set<int> processors;
  for (int place = 0; place < omp_get_num_places(); ++place) {
    std::vector<int> ids(static_cast<std::size_t>(omp_get_place_num_procs(place)));
    omp_get_place_proc_ids(place, ids.data());
    processors.insert(ids.begin(), ids.end());
  }
  return static_cast<int>(processors.size());
}

int sizeOfRegion() {
  int size = 1;
#pragma omp parallel
#pragma omp single
  size = omp_get_num_threads();
  return size;
}

void lower(Team& team, int limit, const char* name) {
  if (limit >= team.granted) return;
  team.granted = std::max(1, limit);
  team.limit = name;
}

}  // namespace

Team settleTeam(int asked) {
  Team team{asked, asked, ""};
  omp_set_dynamic(0);
  lower(team, omp_get_thread_limit(), "OMP_THREAD_LIMIT");
  if (omp_get_max_active_levels() < 1) lower(team, 1, "OMP_MAX_ACTIVE_LEVELS");
  if (const int processors = placedProcessors(); processors > 0) lower(team, processors, "OMP_PLACES");
  if (team.granted > 1) {
    const int wanted = team.granted - 1 + spareThreads;
    const int creatable = creatableThreads(wanted);
    if (creatable < wanted) {
      lower(team, creatable - spareThreads + 1, "the system grants no more, see ulimit -u, pids.max and OMP_STACKSIZE");
    }
  }
  omp_set_num_threads(team.granted);
  lower(team, sizeOfRegion(), "OpenMP gives no more");
  omp_set_num_threads(team.granted);
  return team;
}

std::string describe(const Team& team) {
  const std::string threads = team.asked == 1 ? " thread" : " threads";
  if (team.granted == team.asked) return std::to_string(team.asked) + threads;
  return std::to_string(team.granted) + " of " + std::to_string(team.asked) + threads + " asked (" + team.limit + ")";
}

}  // namespace pathex::cpu
