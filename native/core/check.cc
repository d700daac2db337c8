#include "core/check.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pathex::core {

namespace {

std::string str(std::size_t n) {
  return std::to_string(n);
}

/// A constant must have a value of its type: the conversion of another is undefined.
Status checkConstants(const PlanBuffer& b, const std::string& path) {
  for (std::size_t k = 0; k < b.place.data.size(); ++k) {
    if (isValueOf(b.dtype, b.place.data[k])) continue;
    return planError(path + ".place.data[" + str(k) + "]: " + std::to_string(b.place.data[k]) + " is no " +
                     nameOf(b.dtype));
  }
  return {};
}

Status checkPlaces(const Plan& plan) {
  if (plan.arenaBytes > mostBytes) {
    return planError("arenaBytes: " + str(plan.arenaBytes) + ", at most " + str(mostBytes) + " can be had");
  }
  for (std::size_t i = 0; i < plan.buffers.size(); ++i) {
    const PlanBuffer& b = plan.buffers[i];
    const std::string path = "buffers[" + str(i) + "]";
    if (b.shape.size() > mostAxes) return planError(path + ".shape: more than " + str(mostAxes) + " axes");
    if (b.elements() > mostElements) {
      return planError(path + ".shape: more than " + str(mostElements) + " elements");
    }
    if (b.place.in == In::arena && (b.place.at > plan.arenaBytes || b.bytes() > plan.arenaBytes - b.place.at)) {
      return planError(path + ": byte " + str(b.place.at) + " + " + str(b.bytes()) + " is outside the arena of " +
                       str(plan.arenaBytes));
    }
    if (b.place.in == In::arena && b.place.at % bytesPerElement(b.dtype) != 0) {
      return planError(path + ": byte " + str(b.place.at) + " of the arena is not aligned for " + nameOf(b.dtype));
    }
    if (b.place.in != In::arena && b.dtype == StorageType::bf16) {
      return planError(path + ": is bf16; only buffers of the arena may be");
    }
    if (b.place.in == In::constant && b.place.data.size() != b.elements()) {
      return planError(path + ": " + str(b.place.data.size()) + " constants for " + str(b.elements()) + " elements");
    }
    if (Status s = checkConstants(b, path); !s.ok()) return s;
  }
  return {};
}

Status checkSlots(const Plan& plan, const std::vector<Slot>& slots, In in, const std::string& kind) {
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const std::string path = kind + "[" + str(i) + "]";
    if (slots[i].buffer >= plan.buffers.size()) return planError(path + ": no buffer " + str(slots[i].buffer));
    const Place& place = plan.buffers[slots[i].buffer].place;
    if (place.in != in || place.at != i) return planError(path + ": buffer is not placed at this slot");
  }
  for (std::size_t i = 0; i < plan.buffers.size(); ++i) {
    const PlanBuffer& b = plan.buffers[i];  // several buffers may be views of one slot
    if (b.place.in != in) continue;
    const std::string path = "buffers[" + str(i) + "]";
    if (b.place.at >= slots.size()) return planError(path + ": there is no " + kind + " slot " + str(b.place.at));
    const std::size_t bytes = plan.buffers[slots[b.place.at].buffer].bytes();
    if (b.bytes() != bytes) {
      return planError(path + ": " + str(b.bytes()) + " bytes in a slot of " + str(bytes));
    }
  }
  return {};
}

std::size_t keptElements(const Domain& d, Keep keep) {
  switch (keep) {
    case Keep::none:
      return 1;
    case Keep::inner:
      return d.inner;
    case Keep::outer:
      return d.outer;
    case Keep::outerInner:
      return productOf({d.outer, d.inner});
  }
  return 0;
}

Status checkTarget(const Plan& plan, std::size_t buffer, std::size_t elements, const std::string& path) {
  if (buffer >= plan.buffers.size()) return planError(path + ": no buffer " + str(buffer));
  const PlanBuffer& b = plan.buffers[buffer];
  if (b.elements() != elements) {
    return planError(path + ": buffer " + str(buffer) + " has " + str(b.elements()) + " elements, the step writes " +
                     str(elements));
  }
  if (b.place.in == In::constant || b.place.in == In::input) {
    return planError(path + ": buffer " + str(buffer) + " is read only");
  }
  return {};
}

/// Whether a load reads element number k of the domain as element k of its buffer.
bool coversDomain(const Domain& d, const Load& load) {
  return (d.inner == 1 || load.strides[2] == 1) && (d.reduced == 1 || load.strides[1] == d.inner) &&
         (d.outer == 1 || load.strides[0] == productOf({d.reduced, d.inner}));
}

/// Results of one step lie apart, and where a store is in place, the load before it covers the same full domain.
Status checkSharing(const Plan& plan, const FusedStep& step) {
  struct Target {
    std::size_t buffer;
    std::string path;
  };
  std::vector<Target> targets;
  for (std::size_t i = 0; i < step.stores.size(); ++i) {
    targets.push_back({step.stores[i].buffer, "stores[" + str(i) + "]"});
    const PlanBuffer& to = plan.buffers[step.stores[i].buffer];
    for (const Load& load : step.loads) {
      const PlanBuffer& from = plan.buffers[load.buffer];
      if (!shareMemory(from, to)) continue;
      const bool isInPlace = from.place.at == to.place.at && bytesPerElement(from.dtype) == bytesPerElement(to.dtype) &&
                             coversDomain(step.domain, load);
      if (isInPlace) continue;
      return planError(targets.back().path + ": overwrites buffer " + str(load.buffer) +
                       ", which the step still reads");
    }
  }
  for (std::size_t i = 0; i < step.reductions.size(); ++i) {
    targets.push_back({step.reductions[i].buffer, "reductions[" + str(i) + "]"});
  }
  for (std::size_t i = 0; i < targets.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (!shareMemory(plan.buffers[targets[i].buffer], plan.buffers[targets[k].buffer])) continue;
      return planError(targets[i].path + ": writes where " + targets[k].path + " does");
    }
  }
  return {};
}

Status checkDomain(const FusedStep& step, std::size_t most) {
  const std::size_t elements = step.domain.elements();
  if (elements == 0) return planError("domain: has no elements");
  if (elements > most) {
    return planError("domain: more than " + str(most) + " elements, the most for buffers of these sizes");
  }
  const std::size_t registers = step.loads.size() + step.code.size();
  const std::size_t results = step.stores.size() + step.reductions.size();
  if (registers <= mostRegisters && results <= mostRegisters) return {};
  return planError("code: " + str(registers) + " registers and " + str(results) + " results, at most " +
                   str(mostRegisters) + " fit");
}

Status checkFused(const Plan& plan, const FusedStep& step, std::size_t mostElementsOfDomain) {
  const Domain& d = step.domain;
  if (Status s = checkDomain(step, mostElementsOfDomain); !s.ok()) return s;
  for (std::size_t i = 0; i < step.loads.size(); ++i) {
    const Load& load = step.loads[i];
    const std::string path = "loads[" + str(i) + "]";
    if (load.buffer >= plan.buffers.size()) return planError(path + ": no buffer " + str(load.buffer));
    const std::size_t last =
        sumOf({productOf({d.outer - 1, load.strides[0]}), productOf({d.reduced - 1, load.strides[1]}),
               productOf({d.inner - 1, load.strides[2]})});
    const std::size_t elements = plan.buffers[load.buffer].elements();
    if (last >= elements) {
      return planError(path + ": reads element " + (last == endless ? "2^64 or later" : str(last)) + " of buffer " +
                       str(load.buffer) + " which has " + str(elements));
    }
    if (*std::max_element(load.strides.begin(), load.strides.end()) > mostElements) {
      return planError(path + ".strides: more than " + str(mostElements));
    }
  }
  const std::size_t registers = step.loads.size() + step.code.size();
  for (std::size_t k = 0; k < step.code.size(); ++k) {
    const Operation& op = step.code[k];
    const InstructionInfo& info = instructions()[static_cast<std::size_t>(op.instruction)];
    const std::string path = "code[" + str(k) + "]";
    if (op.args.size() != info.arguments) {
      return planError(path + ": " + std::string(info.name) + " takes " + str(info.arguments) + " arguments, got " +
                       str(op.args.size()));
    }
    for (const std::size_t arg : op.args) {
      if (arg >= step.loads.size() + k) return planError(path + ": register " + str(arg) + " is not written yet");
    }
  }
  for (std::size_t i = 0; i < step.stores.size(); ++i) {
    const std::string path = "stores[" + str(i) + "]";
    if (step.stores[i].reg >= registers) return planError(path + ": no register " + str(step.stores[i].reg));
    if (Status s = checkTarget(plan, step.stores[i].buffer, d.elements(), path); !s.ok()) return s;
  }
  for (std::size_t i = 0; i < step.reductions.size(); ++i) {
    const Reduction& r = step.reductions[i];
    const std::string path = "reductions[" + str(i) + "]";
    if (r.reg >= registers) return planError(path + ": no register " + str(r.reg));
    if (Status s = checkTarget(plan, r.buffer, keptElements(d, r.keep), path); !s.ok()) return s;
    if (plan.buffers[r.buffer].dtype != StorageType::f32) return planError(path + ": the buffer is not f32");
  }
  return checkSharing(plan, step);
}

Status checkCall(const Plan& plan, const CallStep& step) {
  for (std::size_t i = 0; i < step.inputs.size(); ++i) {
    if (step.inputs[i] >= plan.buffers.size()) {
      return planError("inputs[" + str(i) + "]: no buffer " + str(step.inputs[i]));
    }
  }
  for (std::size_t i = 0; i < step.outputs.size(); ++i) {
    const std::string path = "outputs[" + str(i) + "]";
    if (step.outputs[i] >= plan.buffers.size()) return planError(path + ": no buffer " + str(step.outputs[i]));
    const std::size_t elements = plan.buffers[step.outputs[i]].elements();
    if (Status s = checkTarget(plan, step.outputs[i], elements, path); !s.ok()) return s;
  }
  for (std::size_t i = 0; i < step.outputs.size(); ++i) {
    const PlanBuffer& to = plan.buffers[step.outputs[i]];
    for (const std::size_t input : step.inputs) {
      if (!shareMemory(to, plan.buffers[input])) continue;
      return planError("outputs[" + str(i) + "]: overwrites buffer " + str(input) + ", which the step still reads");
    }
  }
  return {};
}

Status check(const Plan& plan) {
  if (Status s = checkPlaces(plan); !s.ok()) return s;
  if (Status s = checkSlots(plan, plan.state, In::state, "state"); !s.ok()) return s;
  if (Status s = checkSlots(plan, plan.inputs, In::input, "inputs"); !s.ok()) return s;
  if (Status s = checkSlots(plan, plan.outputs, In::output, "outputs"); !s.ok()) return s;
  const std::size_t most = mostWork(plan);
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    const auto* fused = std::get_if<FusedStep>(&step);
    const Status s = fused ? checkFused(plan, *fused, most) : checkCall(plan, std::get<CallStep>(step));
    if (!s.ok()) return s.within("steps[" + str(i) + "] '" + nameOf(step) + "'");
  }
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const Status s = checkEpilogue(plan, i);
    if (!s.ok()) return s.within("steps[" + str(i) + "] '" + nameOf(plan.steps[i]) + "'");
  }
  return {};
}

}  // namespace

Status checkPlan(const Plan& plan) {
  return withRemedy(check(plan));
}
std::size_t mostWork(const Plan& plan) {
  std::size_t largest = 0;
  for (const PlanBuffer& b : plan.buffers) largest = std::max(largest, b.elements());
  return std::max(alwaysWorked, productOf({largest, mostRepeats}));
}

Status withRemedy(const Status& status) {
  if (status.code() != Code::plan) return status;
  return planError(status.message() + "; compile the program anew, this plan is damaged or of another version");
}

bool isValueOf(StorageType type, double value) {
  const auto isWhole = [&]<class T>(T) {
    return value == std::floor(value) && value >= std::numeric_limits<T>::min() &&
           value <= std::numeric_limits<T>::max();
  };
  switch (type) {
    case StorageType::f32:
    case StorageType::bf16:
      return true;
    case StorageType::i32:
      return isWhole(std::int32_t{});
    case StorageType::u8:
      return isWhole(std::uint8_t{});
  }
  return false;
}

}  // namespace pathex::core
