#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/plan.h"
#include "cpu/fused/geometry.h"
#include "cpu/fused/loops.h"

namespace pathex::cpu {

/// How often a register changes: once a run, once a section (see Geometry::visit), or with every chunk. Instructions
/// run at the rate of their fastest argument, so work on per-channel values leaves the chunk loop by itself.
enum class Rate { run, section, chunk };

/// Where a register's floats lie.
enum class Home {
  buffer,       // a load that is contiguous within a chunk: the buffer itself
  tile,         // shared by all threads (rate run) or the thread's own (rate section)
  slot,         // one of the thread's chunk-sized slots, reused when the value is dead
  destination,  // the buffer that the register is stored to
  inlined,      // computed inside the loop of its only reader
  nowhere       // never used
};

struct Register {
  Rate rate = Rate::chunk;
  Home home = Home::nowhere;
  std::size_t index = 0;   // of the tile or slot
  std::size_t buffer = 0;  // for loads and destinations
  std::array<std::size_t, 3> strides{};
  core::StorageType dtype = core::StorageType::f32;
};

enum class Do { load, compute, constant, reduce, store };

struct Action {
  Do what = Do::compute;
  std::size_t reg = 0;              // written by load, compute and constant; read by reduce and store
  std::vector<std::size_t> args{};  // of compute, and of a reduce that computes what it adds
  Loop loop = nullptr;
  float value = 0;
  std::size_t item = 0;  // number of the reduction or store
};

/// A fused step's code arranged for its geometry: what to do once, once a section, and for every chunk.
struct Program {
  std::vector<Register> registers;
  std::vector<Action> onRun, onSection, onChunk;
  std::vector<std::size_t> buffersOnSection, buffersOnChunk;  // registers whose address moves
  std::vector<bool> streams;  // for each store, whether it goes around the caches
  std::size_t runTiles = 0, sectionTiles = 0, slots = 0;
};

/// The variance that reduction `i`, a sum over the same values, can be read off.
std::optional<std::size_t> varianceOver(const core::FusedStep&, std::size_t i);

/// `toMemory`: results go to the plan's buffers, not to images that another step reads at once.
Program arrange(const core::Plan&, const core::FusedStep&, const Geometry&, const std::vector<core::Load>& loads,
                bool toMemory);

}  // namespace pathex::cpu
