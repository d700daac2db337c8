#include "cuda/engines.h"

#include <algorithm>
#include <sstream>

namespace pathex::cuda::cudnn {

namespace {

/// More than there are types of knobs (46 in 9.28); a configuration sets each at most once.
constexpr std::int64_t knobRoom = 96;

core::Result<std::vector<Knob>> knobsOf(const Descriptor& config) {
  auto choices = config.get(configKnobs, CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, knobRoom);
  if (!choices.ok()) return choices.status();
  std::vector<Knob> knobs;
  for (const Descriptor& choice : choices.value()) {
    auto type = choice.get(knobType);
    if (!type.ok()) return type.status();
    auto value = choice.get(knobValue);
    if (!value.ok()) return value.status();
    knobs.push_back({type.value().at(0), value.value().at(0)});
  }
  return knobs;
}

core::Result<Candidate> examine(Descriptor config) {
  auto engines = config.get(configEngine, CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  if (!engines.ok()) return engines.status();
  const Descriptor& engine = engines.value().at(0);
  auto index = engine.get(engineIndex);
  if (!index.ok()) return index.status();
  auto knobs = knobsOf(config);
  if (!knobs.ok()) return knobs.status();
  auto workspace = config.get(configWorkspace);
  if (!workspace.ok()) return workspace.status();
  auto notes = engine.get(engineNumericalNotes);
  if (!notes.ok()) return notes.status();
  auto behaviour = engine.get(engineBehaviourNotes);
  if (!behaviour.ok()) return behaviour.status();
  const auto& b = behaviour.value();
  return Candidate{{index.value().at(0), std::move(knobs.value())},
                   std::move(config),
                   static_cast<std::size_t>(workspace.value().at(0)),
                   std::move(notes.value()),
                   std::find(b.begin(), b.end(), CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION) != b.end()};
}

}  // namespace

std::string showKnobs(const std::vector<Knob>& knobs) {
  std::string text;
  for (const Knob& knob : knobs) {
    text += (text.empty() ? "" : ",") + std::to_string(knob.type) + "=" + std::to_string(knob.value);
  }
  return text.empty() ? "-" : text;
}

std::optional<std::vector<Knob>> parseKnobs(const std::string& text) {
  std::vector<Knob> knobs;
  if (text == "-") return knobs;
  std::istringstream stream(text);
  int type = 0;
  char equals = 0, comma = ',';
  std::int64_t value = 0;
  while (comma == ',' && stream >> type >> equals >> value && equals == '=') {
    knobs.push_back({static_cast<KnobType>(type), value});  // cuDNN's own number, written by showKnobs
    if (!(stream >> comma)) return knobs;
  }
  return std::nullopt;
}

bool Candidate::has(NumericalNote note) const {
  return std::find(notes.begin(), notes.end(), note) != notes.end();
}

core::Result<std::vector<Candidate>> listed(const Session& session, const Descriptor& graph, HeuristicMode mode) {
  Builder builder(session.api, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, "heuristics");
  builder.set(heuristicGraph, graph).set(heuristicMode, mode);
  if (session.device) builder.set(heuristicDevice, session.device);
  auto heuristics = builder.finalize();
  if (!heuristics.ok()) return heuristics.status();
  auto configs = heuristics.value().get(heuristicResults, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
  if (!configs.ok()) return configs.status();
  std::vector<Candidate> candidates;
  core::Status refusal;
  for (Descriptor& config : configs.value()) {
    auto candidate = examine(std::move(config));
    if (candidate.ok())
      candidates.push_back(std::move(candidate.value()));
    else
      refusal = candidate.status();  // the others are as good without it
  }
  if (candidates.empty() && !refusal.ok()) return refusal;
  return candidates;
}

core::Result<Candidate> remembered(const Session& session, const Descriptor& graph, const EngineChoice& choice) {
  Builder engineBuilder(session.api, CUDNN_BACKEND_ENGINE_DESCRIPTOR, "engine " + std::to_string(choice.engine));
  engineBuilder.set(engineGraph, graph).set(engineIndex, choice.engine);
  if (session.device) engineBuilder.set(engineDevice, session.device);
  auto engine = engineBuilder.finalize();
  if (!engine.ok()) return engine.status();
  std::vector<Descriptor> parts;
  std::vector<RawDescriptor> raw;
  for (const Knob& knob : choice.knobs) {
    auto made = Builder(session.api, CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, "knob " + std::to_string(knob.type))
                    .set(knobType, knob.type)
                    .set(knobValue, knob.value)
                    .finalize();
    if (!made.ok()) return made.status();
    raw.push_back(made.value().raw());
    parts.push_back(std::move(made.value()));
  }
  Builder builder(session.api, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, "engine " + std::to_string(choice.engine));
  builder.set(configEngine, engine.value());
  if (!raw.empty()) builder.set(configKnobs, raw);
  auto config = builder.finalize();
  if (!config.ok()) return config.status();
  auto candidate = examine(std::move(config.value()));
  if (!candidate.ok()) return candidate.status();
  parts.push_back(std::move(engine.value()));
  candidate.value().parts = std::move(parts);
  return std::move(candidate.value());
}

core::Result<BuiltPlan> build(const Session& session, const Candidate& candidate) {
  Builder builder(session.api, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR,
                  "plan of engine " + std::to_string(candidate.choice.engine));
  if (session.handle != nullptr) builder.set(planHandle, session.handle);
  if (session.device) builder.set(planDevice, session.device);
  auto plan = builder.set(planConfig, candidate.config).finalize();
  if (!plan.ok()) return plan.status();
  auto workspace = plan.value().get(planWorkspace);
  if (!workspace.ok()) return workspace.status();
  return BuiltPlan{candidate.choice, std::move(plan.value()), static_cast<std::size_t>(workspace.value().at(0))};
}

}  // namespace pathex::cuda::cudnn
