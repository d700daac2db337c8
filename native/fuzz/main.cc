#include <sanitizer/common_interface_defs.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <limits>
#include <string>

#include "cpu/device.h"
#include "fuzz/guarded.h"
#include "fuzz/mutate.h"
#include "fuzz/valid_plan.h"

/// Loads and runs plans, valid ones and mutated ones, under sanitisers. An accepted plan must run within the time; a
/// refused one must say what its fault is and where. See scripts/fuzz-plans.mjs.
namespace pathex::fuzz {

namespace {

constexpr unsigned secondsForPlan = 20;

struct Counts {
  std::size_t plans = 0, accepted = 0, refused = 0, valid = 0, ended = 0;
};

/// What is under way, for the last words of the process.
std::uint64_t seedOfPlan = 0;
std::size_t numberOfPlan = 0;
Counts counts;

void sayCounts() {
  std::printf("progress %zu %zu %zu %zu %zu\n", counts.plans, counts.accepted, counts.refused, counts.valid,
              counts.ended);
  std::fflush(stdout);
}

void say(const char* what) {
  sayCounts();
  std::fprintf(stdout, "\nfinding: plan %zu (seed %llu): %s\n", numberOfPlan,
               static_cast<unsigned long long>(seedOfPlan), what);
  std::fflush(stdout);
}
void onDeath() {
  say("a sanitiser ended the process");
}
void onAlarm(int) {
  say("takes too long");
  _exit(3);
}
[[noreturn]] void fail(const std::string& what) {
  say(what.c_str());
  _exit(3);
}

std::string shown(const core::Plan& plan) {
  std::string text = "arena " + std::to_string(plan.arenaBytes);
  const auto list = [](const auto& items) {
    std::string joined = "[";
    for (const auto item : items) joined += (joined.size() > 1 ? "," : "") + std::to_string(item);
    return joined + "]";
  };
  for (std::size_t i = 0; i < plan.buffers.size(); ++i) {
    const core::PlanBuffer& b = plan.buffers[i];
    const char* const places[] = {"arena", "state", "input", "output", "constant"};
    text += "\n  buffer " + std::to_string(i) + " " + core::nameOf(b.dtype) + " " + list(b.shape) + " " +
            places[static_cast<int>(b.place.in)] + " " + std::to_string(b.place.at);
  }
  for (const core::Step& step : plan.steps) {
    text += "\n  " + core::nameOf(step);
    if (const auto* const call = std::get_if<core::CallStep>(&step)) {
      text += std::string(" ") + core::nameOf(call->kernel) + " " + list(call->inputs) + " -> " + list(call->outputs);
      const auto add = [&]<class T>(core::FieldKind, const char* name, const T& value) {
        text += std::string(" ") + name + "=";
        if constexpr (std::is_arithmetic_v<T>) {
          text += std::to_string(value);
        } else {
          text += list(value);
        }
      };
      std::visit([&](const auto& record) { core::eachField(record, add); }, call->attributes);
      continue;
    }
    const auto& fused = std::get<core::FusedStep>(step);
    text +=
        " " + list(std::initializer_list<std::size_t>{fused.domain.outer, fused.domain.reduced, fused.domain.inner});
    for (const core::Load& l : fused.loads) text += " load " + std::to_string(l.buffer) + list(l.strides);
    for (const core::Store& s : fused.stores)
      text += " store r" + std::to_string(s.reg) + "->" + std::to_string(s.buffer);
    for (const core::Reduction& r : fused.reductions)
      text += " reduce r" + std::to_string(r.reg) + "->" + std::to_string(r.buffer);
  }
  return text;
}

/// A refusal is of a plan's own kind, and names a place in it.
void checkRefusal(const core::Status& s) {
  const std::string& text = s.message();
  const bool isOurs = s.code() == core::Code::plan || s.code() == core::Code::device;
  const bool namesPlan = text.find("plan 'fuzzed'") != std::string::npos;
  bool namesPlace = false;
  for (const char* place :
       {"buffers[", "steps[", "step '", "arenaBytes", "state[", "inputs[", "outputs[", "bf16", "out of memory"}) {
    namesPlace = namesPlace || text.find(place) != std::string::npos;
  }
  if (!isOurs || !namesPlan || !namesPlace) fail("refused in these words: " + text);
}

/// Numbers of every kind: floats with all special values; indices that are mostly small, and at times any.
void fillAny(std::byte* at, const core::PlanBuffer& b, Random& random) {
  const bool areWild = random.once(4);
  for (std::size_t i = 0; i < b.elements(); ++i) {
    if (b.dtype == core::StorageType::u8) {
      at[i] = static_cast<std::byte>(random.next());
    } else if (b.dtype == core::StorageType::i32) {
      auto value = static_cast<std::int32_t>(areWild ? random.next() : random.below(3));
      if (areWild && random.once(2))
        value = random.of({std::numeric_limits<std::int32_t>::min(), -1, std::numeric_limits<std::int32_t>::max()});
      std::memcpy(at + i * 4, &value, 4);
    } else {
      auto value = static_cast<float>(random.from(-1000, 1000)) / 64;
      if (areWild && random.once(3)) {
        const auto bits = static_cast<std::uint32_t>(random.next());
        std::memcpy(&value, &bits, 4);
      }
      std::memcpy(at + i * 4, &value, 4);
    }
  }
}

/// Slots of a plan bound to guarded memory.
class Slots {
 public:
  bool fit(const core::Plan& plan) const {
    for (const auto* slots : {&plan.state, &plan.inputs, &plan.outputs}) {
      for (const core::Slot& s : *slots) {
        if (plan.buffers[s.buffer].bytes() > Guarded::room) return false;
      }
    }
    return true;
  }
  std::byte* take(const core::PlanBuffer& b, Random& random) {
    if (used_ == rooms_.size()) rooms_.emplace_back();
    std::byte* const at = rooms_[used_++].take(b.bytes());
    fillAny(at, b, random);
    return at;
  }
  void release() { used_ = 0; }

 private:
  std::deque<Guarded> rooms_;
  std::size_t used_ = 0;
};

void run(core::Executable& executable, Slots& slots, Random& random) {
  const core::Plan& plan = executable.plan();
  if (!slots.fit(plan)) return;
  std::deque<GuardedBlock> blocks;
  std::vector<const core::Block*> state;
  std::vector<std::byte*> inputs, outputs;
  const auto bufferOf = [&](const core::Slot& s) -> const core::PlanBuffer& { return plan.buffers[s.buffer]; };
  for (const core::Slot& s : plan.state) {
    blocks.emplace_back(slots.take(bufferOf(s), random), bufferOf(s).bytes());
    state.push_back(&blocks.back());
  }
  for (const core::Slot& s : plan.inputs) inputs.push_back(slots.take(bufferOf(s), random));
  for (const core::Slot& s : plan.outputs) outputs.push_back(slots.take(bufferOf(s), random));
  const core::Submitted submitted = executable.run(state, inputs, outputs);
  slots.release();
  if (submitted.status.ok()) {
    ++counts.ended;
  } else if (submitted.status.code() != core::Code::data) {
    fail("ran and failed: " + submitted.status.message());
  }
}

void tryPlan(core::Device& device, Slots& slots, Random& random, bool isShown) {
  core::Plan plan = validPlan(random);
  const std::size_t mutations = random.once(5) ? 0 : 1 + random.below(random.once(4) ? 4 : 1);
  for (std::size_t i = 0; i < mutations; ++i) mutate(plan, random);
  if (isShown) std::printf("%s\n", shown(plan).c_str());
  ++counts.plans;
  if (mutations == 0) ++counts.valid;
  auto loaded = device.load(std::move(plan), {});
  if (!loaded.ok()) {
    ++counts.refused;
    if (isShown) std::printf("refused: %s\n", loaded.status().message().c_str());
    if (mutations == 0) fail("a valid plan is refused: " + loaded.status().message());
    return checkRefusal(loaded.status());
  }
  ++counts.accepted;
  run(*loaded.value(), slots, random);
}

std::uint64_t numberAfter(int count, char** words, const char* flag, std::uint64_t otherwise) {
  for (int i = 1; i + 1 < count; ++i) {
    if (std::strcmp(words[i], flag) == 0) return std::strtoull(words[i + 1], nullptr, 10);
  }
  return otherwise;
}

int fuzz(int count, char** words) {
  const std::uint64_t seed = numberAfter(count, words, "--seed", 1);
  const std::size_t first = numberAfter(count, words, "--from", 0), plans = numberAfter(count, words, "--count", 1000);
  const bool isShown = numberAfter(count, words, "--show", 0) == 1;
  auto device = cpu::open(static_cast<int>(numberAfter(count, words, "--threads", 2)), nullptr);
  if (!device.ok()) fail(device.status().message());
  __sanitizer_set_death_callback(onDeath);
  std::signal(SIGALRM, onAlarm);
  Slots slots;
  for (numberOfPlan = first; numberOfPlan < first + plans; ++numberOfPlan) {
    seedOfPlan = seed;
    Random random(seed * 0x100000001b3 + numberOfPlan);
    alarm(secondsForPlan);
    tryPlan(*device.value(), slots, random, isShown);
    if (numberOfPlan % 1000 == 0 || numberOfPlan + 1 == first + plans) sayCounts();
  }
  return 0;
}

}  // namespace

}  // namespace pathex::fuzz

int main(int count, char** words) {
  return pathex::fuzz::fuzz(count, words);
}
