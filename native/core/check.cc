#include "core/check.h"

namespace pathex::core {

namespace {

std::string str(std::size_t n) {
  return std::to_string(n);
}

Status checkPlaces(const Plan& plan) {
  for (std::size_t i = 0; i < plan.buffers.size(); ++i) {
    const PlanBuffer& b = plan.buffers[i];
    const std::string path = "buffers[" + str(i) + "]";
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
      return d.outer * d.inner;
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

Status checkFused(const Plan& plan, const FusedStep& step) {
  const Domain& d = step.domain;
  if (d.elements() == 0) return planError("domain: has no elements");
  for (std::size_t i = 0; i < step.loads.size(); ++i) {
    const Load& load = step.loads[i];
    const std::string path = "loads[" + str(i) + "]";
    if (load.buffer >= plan.buffers.size()) return planError(path + ": no buffer " + str(load.buffer));
    const std::size_t last =
        (d.outer - 1) * load.strides[0] + (d.reduced - 1) * load.strides[1] + (d.inner - 1) * load.strides[2];
    const std::size_t elements = plan.buffers[load.buffer].elements();
    if (last >= elements) {
      return planError(path + ": reads element " + str(last) + " of buffer " + str(load.buffer) + " which has " +
                       str(elements));
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
  return {};
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
  return {};
}

Status expectOperands(const Plan& plan, const std::vector<std::size_t>& operands, const std::vector<Expected>& expected,
                      const std::string& kind) {
  if (operands.size() != expected.size()) {
    return planError(kind + ": " + str(operands.size()) + " buffers, the kernel takes " + str(expected.size()));
  }
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const PlanBuffer& b = plan.buffers[operands[i]];
    if (b.dtype == expected[i].dtype && b.elements() == expected[i].elements) continue;
    return planError(kind + "[" + str(i) + "]: buffer " + str(operands[i]) + " is " + nameOf(b.dtype) + " with " +
                     str(b.elements()) + " elements, the kernel's attributes ask for " + nameOf(expected[i].dtype) +
                     " with " + str(expected[i].elements));
  }
  return {};
}

}  // namespace

Status checkPlan(const Plan& plan) {
  if (Status s = checkPlaces(plan); !s.ok()) return s;
  if (Status s = checkSlots(plan, plan.state, In::state, "state"); !s.ok()) return s;
  if (Status s = checkSlots(plan, plan.inputs, In::input, "inputs"); !s.ok()) return s;
  if (Status s = checkSlots(plan, plan.outputs, In::output, "outputs"); !s.ok()) return s;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    const auto* fused = std::get_if<FusedStep>(&step);
    const Status s = fused ? checkFused(plan, *fused) : checkCall(plan, std::get<CallStep>(step));
    if (!s.ok()) return s.within("steps[" + str(i) + "] '" + nameOf(step) + "'");
  }
  return {};
}

StorageType operandsOf(const Plan& plan, const CallStep& step) {
  const bool isNarrow = !step.inputs.empty() && plan.buffers[step.inputs[0]].dtype == StorageType::bf16;
  return isNarrow ? StorageType::bf16 : StorageType::f32;
}

Status expectBuffers(const Plan& plan, const CallStep& step, const std::vector<Expected>& inputs,
                     const std::vector<Expected>& outputs) {
  if (Status s = expectOperands(plan, step.inputs, inputs, "inputs"); !s.ok()) return s;
  return expectOperands(plan, step.outputs, outputs, "outputs");
}

}  // namespace pathex::core
