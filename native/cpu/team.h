#pragma once

#include <string>

namespace pathex::cpu {

/// The OpenMP team of a device's thread.
struct Team {
  int asked = 1, granted = 1;
  /// What allowed no more, for people; empty where as many were granted as asked.
  std::string limit;
};

/// Settles the team of the calling thread, at `asked` threads or as many as are to be had: every parallel region of
/// this thread has `granted` threads from now on. See Note [Teams].
Team settleTeam(int asked);

/// "2 threads", "1 of 2 threads asked (OMP_THREAD_LIMIT)".
std::string describe(const Team&);

}  // namespace pathex::cpu

// Note [Teams]
// OpenMP may give a parallel region fewer threads than it asks for. Our own kernels do not mind, but oneDNN plans its
// work for omp_get_max_threads() and then waits in barriers for threads that never come; and where the system refuses a
// thread, GNU's library ends the process. So both are tried before any kernel is made: threads are started and ended
// again, with a few to spare for Node, and one region tells the size that it gets. What came out is made the maximum,
// and the library may no longer adjust it by the load of the machine (OMP_DYNAMIC).
