#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cuda/cudnn.h"

/// Which implementations cuDNN has for an operation graph, and plans built from them.
namespace pathex::cuda::cudnn {

struct Knob {
  KnobType type;
  std::int64_t value;
  bool operator==(const Knob&) const = default;
};

/// What identifies an implementation within one version of cuDNN.
struct EngineChoice {
  std::int64_t engine = 0;
  std::vector<Knob> knobs;
  bool operator==(const EngineChoice&) const = default;
};
/// "2=4,11=1"; "-" for no knobs.
std::string showKnobs(const std::vector<Knob>&);
std::optional<std::vector<Knob>> parseKnobs(const std::string&);

/// An engine with its knobs set, and what cuDNN says of it before it is built.
struct Candidate {
  EngineChoice choice;
  Descriptor config;
  std::size_t workspace = 0;
  std::vector<NumericalNote> notes;
  /// Building it runs NVRTC: about a second.
  bool runtimeCompiled = false;
  /// What the configuration rests on, where that is ours.
  std::vector<Descriptor> parts{};

  bool has(NumericalNote) const;
};

/// The candidates that the heuristic lists, best first. Listed is not buildable.
core::Result<std::vector<Candidate>> listed(const Session&, const Descriptor& graph, HeuristicMode);
/// A candidate remembered from another run.
core::Result<Candidate> remembered(const Session&, const Descriptor& graph, const EngineChoice&);

struct BuiltPlan {
  EngineChoice choice;
  Descriptor plan;
  std::size_t workspace = 0;
};
core::Result<BuiltPlan> build(const Session&, const Candidate&);

}  // namespace pathex::cuda::cudnn
