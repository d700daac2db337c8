#include "cpu/fused/program.h"

#include <algorithm>

#include "core/stream.h"

namespace pathex::cpu {

namespace {

using core::streamedBytes;

constexpr std::size_t never = static_cast<std::size_t>(-1);

/// Whether two buffers share memory.
bool overlap(const core::Plan& plan, std::size_t a, std::size_t b) {
  return a == b || core::shareMemory(plan.buffers[a], plan.buffers[b]);
}

class Arranger {
 public:
  Arranger(const core::Plan& plan, const core::FusedStep& step, const Geometry& geometry,
           const std::vector<core::Load>& loads, bool toMemory)
      : plan_(plan), step_(step), geometry_(geometry), loads_(loads), toMemory_(toMemory) {}

  Program arrange() {
    const std::size_t count = step_.loads.size() + step_.code.size();
    program_.registers.resize(count);
    lastUse_.assign(count, never);
    uses_.assign(count, 0);
    inner_.assign(count, never);
    findUses();
    for (const core::Store& s : step_.stores) program_.streams.push_back(streams(s));
    for (std::size_t i = 0; i < loads_.size(); ++i) placeLoad(i);
    for (std::size_t k = 0; k < step_.code.size(); ++k) placeInstruction(k);
    inlineLast();
    order();
    assignSlots();
    return std::move(program_);
  }

 private:
  bool used(std::size_t reg) const { return lastUse_[reg] != never; }

  /// The last instruction that reads each register; past the code for those that are stored or reduced.
  void findUses() {
    const std::size_t n = step_.loads.size();
    for (const core::Store& s : step_.stores) lastUse_[s.reg] = step_.code.size(), ++uses_[s.reg];
    for (const core::Reduction& r : step_.reductions) lastUse_[r.reg] = step_.code.size(), ++uses_[r.reg];
    for (std::size_t k = step_.code.size(); k-- > 0;) {
      if (!used(n + k)) continue;  // dead code asks for nothing
      for (const std::size_t arg : step_.code[k].args) {
        if (!used(arg)) lastUse_[arg] = k;
        ++uses_[arg];
      }
    }
  }

  bool contiguous(const core::Load& l) const {
    const auto& [O, R, I] = geometry_.domain();
    const auto [so, sr, si] = l.strides;
    const bool inner = I == 1 || si == 1;
    const bool reduced = geometry_.rowsPerChunk() == 1 || sr == I;
    const bool outer = geometry_.outersPerChunk() == 1 || so == R * I;
    return inner && reduced && outer;
  }

  Rate rateOf(const core::Load& l) const {
    const auto& [O, R, I] = geometry_.domain();
    const bool onOuter = O > 1 && l.strides[0] != 0;
    const bool onReduced = R > 1 && l.strides[1] != 0;
    const bool onInner = I > 1 && l.strides[2] != 0;
    switch (geometry_.shape()) {
      case Shape::spans:
        return onOuter ? Rate::chunk : Rate::run;
      case Shape::rows: {
        if (onReduced && geometry_.rowsPerChunk() < R) return Rate::chunk;
        return onOuter ? Rate::section : Rate::run;
      }
      case Shape::pieces:
        return onReduced ? Rate::chunk : onOuter || onInner ? Rate::section : Rate::run;
    }
    return Rate::chunk;
  }

  /// Memory that no cache will hold until it is read again is written around them: else each of its lines is first
  /// fetched, which costs as much as reading it. A store in place finds its lines fetched already.
  bool streams(const core::Store& s) const {
    const core::PlanBuffer& buffer = plan_.buffers[s.buffer];
    return toMemory_ && buffer.dtype == core::StorageType::f32 && buffer.bytes() >= streamedBytes &&
           std::none_of(loads_.begin(), loads_.end(),
                        [&](const core::Load& l) { return overlap(plan_, l.buffer, s.buffer); });
  }

  /// A load that is stored elsewhere must not be read from memory that this step has overwritten by then.
  bool mustCopy(std::size_t load) const {
    const bool isStored =
        std::any_of(step_.stores.begin(), step_.stores.end(), [&](const core::Store& s) { return s.reg == load; });
    return isStored && std::any_of(step_.stores.begin(), step_.stores.end(),
                                   [&](const core::Store& s) { return overlap(plan_, s.buffer, loads_[load].buffer); });
  }

  void placeLoad(std::size_t i) {
    const core::Load& l = loads_[i];
    Register& reg = program_.registers[i];
    reg.buffer = l.buffer;
    reg.strides = l.strides;
    reg.dtype = plan_.buffers[l.buffer].dtype;
    if (!used(i)) return;
    reg.rate = rateOf(l);
    const bool direct = reg.dtype == core::StorageType::f32 && contiguous(l) && !mustCopy(i);
    reg.home = direct ? Home::buffer : reg.rate == Rate::chunk ? Home::slot : Home::tile;
    if (direct && reg.rate == Rate::section) program_.buffersOnSection.push_back(i);
    if (direct && reg.rate == Rate::chunk) program_.buffersOnChunk.push_back(i);
    if (reg.home == Home::tile) emitTile(i, Action{.what = Do::load, .reg = i});
  }

  /// Whether a store after instruction `k` would overwrite what a later instruction still loads.
  bool overwritesEarly(std::size_t buffer, std::size_t k) const {
    for (std::size_t i = 0; i < loads_.size(); ++i) {
      if (used(i) && lastUse_[i] > k && overlap(plan_, loads_[i].buffer, buffer)) return true;
    }
    return false;
  }

  void placeInstruction(std::size_t k) {
    const core::Operation& op = step_.code[k];
    const std::size_t id = step_.loads.size() + k;
    Register& reg = program_.registers[id];
    if (!used(id)) return;
    reg.rate = Rate::run;
    for (const std::size_t arg : op.args) reg.rate = std::max(reg.rate, program_.registers[arg].rate);
    if (reg.rate != Rate::chunk) {
      reg.home = Home::tile;
      emitTile(id, compute(k));
      return;
    }
    reg.home = Home::slot;
    for (std::size_t i = 0; i < step_.stores.size(); ++i) {
      const core::Store& s = step_.stores[i];
      if (s.reg != id || program_.streams[i] || overwritesEarly(s.buffer, k)) continue;
      if (plan_.buffers[s.buffer].dtype != core::StorageType::f32) continue;
      reg.home = Home::destination;
      reg.buffer = s.buffer;
      program_.buffersOnChunk.push_back(id);
      break;
    }
  }

  const core::Operation& operationOf(std::size_t id) const { return step_.code[id - step_.loads.size()]; }

  /// Whether a register is computed for each chunk and read once, so that its reader may compute it instead.
  bool mayInline(std::size_t id) const {
    return id >= step_.loads.size() && uses_[id] == 1 && program_.registers[id].rate == Rate::chunk &&
           inner_[id] == never;
  }

  /// Pairs instructions: the later takes in the earlier where a loop for both exists. A value computed later also keeps
  /// its operands longer, which the check against overwriting must see; so a step that stores in place is left alone.
  void inlineLast() {
    for (std::size_t id = step_.loads.size(); id < program_.registers.size(); ++id) {
      if (!used(id) || program_.registers[id].rate != Rate::chunk) continue;
      const core::Operation& op = operationOf(id);
      for (std::size_t position = 0; position < op.args.size(); ++position) {
        const std::size_t arg = op.args[position];
        if (!mayInline(arg) || !loopOf(op.instruction, position, operationOf(arg).instruction)) continue;
        if (delaysOverwritten(arg, id)) continue;
        inner_[id] = arg;
        program_.registers[arg].home = Home::inlined;
        break;
      }
    }
  }

  /// Whether an operand of `inner` would be overwritten by a store before `outer` reads it.
  bool delaysOverwritten(std::size_t inner, std::size_t outer) const {
    for (const std::size_t arg : operationOf(inner).args) {
      if (arg >= step_.loads.size()) continue;
      for (const core::Store& s : step_.stores) {
        if (s.reg != outer && overlap(plan_, s.buffer, loads_[arg].buffer)) return true;
      }
    }
    return false;
  }

  Action compute(std::size_t k) const {
    const core::Operation& op = step_.code[k];
    const std::size_t id = step_.loads.size() + k;
    Action action{.what = op.instruction == core::Instruction::constant ? Do::constant : Do::compute,
                  .reg = id,
                  .args = op.args,
                  .loop = loopOf(op.instruction),
                  .value = static_cast<float>(op.value)};
    if (inner_[id] == never) return action;
    const core::Operation& inner = operationOf(inner_[id]);
    const auto at = std::find(action.args.begin(), action.args.end(), inner_[id]);
    action.loop = loopOf(op.instruction, static_cast<std::size_t>(at - action.args.begin()), inner.instruction);
    action.args.erase(at);
    action.args.insert(action.args.begin(), inner.args.begin(), inner.args.end());
    return action;
  }

  /// A sum over columns adds into its tile; where its register has no other reader, the same loop computes it.
  bool addsInPlace(std::size_t id, const core::Reduction& r) const {
    const bool columns =
        r.keep == core::Keep::inner || (r.keep == core::Keep::outerInner && geometry_.shape() != Shape::spans);
    return columns && r.op == core::ReductionOp::sum && mayInline(id) &&
           loopOf(core::Instruction::add, 0, operationOf(id).instruction) != nullptr;
  }

  void emitTile(std::size_t id, Action action) {
    Register& reg = program_.registers[id];
    const bool once = reg.rate == Rate::run;
    reg.index = once ? program_.runTiles++ : program_.sectionTiles++;
    (once ? program_.onRun : program_.onSection).push_back(action);
  }

  /// Loads a chunk's register just before its first use, so that it holds a slot for as short as possible.
  void need(std::size_t id) {
    const Register& reg = program_.registers[id];
    if (id >= step_.loads.size() || reg.home != Home::slot || loaded_[id]) return;
    loaded_[id] = true;
    program_.onChunk.push_back({.what = Do::load, .reg = id});
  }

  void reduceAll(std::size_t id) {
    for (std::size_t i = 0; i < step_.reductions.size(); ++i) {
      if (step_.reductions[i].reg != id || varianceOver(step_, i)) continue;
      need(id);
      program_.onChunk.push_back({.what = Do::reduce, .reg = id, .item = i});
    }
  }

  void storeAll(std::size_t id, bool atEnd, std::size_t k) {
    const Register& reg = program_.registers[id];
    for (std::size_t i = 0; i < step_.stores.size(); ++i) {
      const core::Store& s = step_.stores[i];
      if (s.reg != id || (reg.home == Home::destination && reg.buffer == s.buffer)) continue;
      if (atEnd == overwritesEarly(s.buffer, k)) program_.onChunk.push_back({.what = Do::store, .reg = id, .item = i});
    }
  }

  bool addWhileReducing(std::size_t id, Action& action) {
    for (std::size_t i = 0; i < step_.reductions.size(); ++i) {
      if (step_.reductions[i].reg != id || !addsInPlace(id, step_.reductions[i])) continue;
      action.what = Do::reduce;
      action.loop = loopOf(core::Instruction::add, 0, operationOf(id).instruction);
      action.item = i;
      program_.registers[id].home = Home::inlined;
      program_.onChunk.push_back(std::move(action));
      return true;
    }
    return false;
  }

  void order() {
    const std::size_t loads = step_.loads.size();
    loaded_.assign(loads, false);
    for (std::size_t id = 0; id < loads; ++id) {
      if (used(id) && mustCopy(id)) need(id);
    }
    for (std::size_t id = 0; id < program_.registers.size(); ++id) {
      const Register& reg = program_.registers[id];
      if (id < loads || reg.rate != Rate::chunk) reduceAll(id);
      if (id < loads || reg.rate != Rate::chunk || reg.home == Home::nowhere || reg.home == Home::inlined) continue;
      const std::size_t k = id - loads;
      Action action = compute(k);
      for (const std::size_t arg : action.args) need(arg);
      if (addWhileReducing(id, action)) continue;
      program_.onChunk.push_back(std::move(action));
      reduceAll(id);
      storeAll(id, false, k);
    }
    for (std::size_t id = 0; id < program_.registers.size(); ++id) {
      const Register& reg = program_.registers[id];
      if (reg.home == Home::nowhere || reg.home == Home::inlined) continue;
      const bool computed = id >= loads && reg.rate == Rate::chunk;
      need(id);
      if (!computed) storeEverything(id);
      if (computed) storeAll(id, true, id - loads);
    }
  }

  void storeEverything(std::size_t id) {
    for (std::size_t i = 0; i < step_.stores.size(); ++i) {
      if (step_.stores[i].reg == id) program_.onChunk.push_back({.what = Do::store, .reg = id, .item = i});
    }
  }

  std::vector<std::size_t> reads(const Action& action) const {
    if (action.what == Do::store || (action.what == Do::reduce && !action.loop)) return {action.reg};
    return action.args;
  }

  /// Linear scan: a register takes the slot that was freed last, which is the one most likely in the first cache.
  void assignSlots() {
    std::vector<std::size_t> lastAction(program_.registers.size(), 0), free;
    for (std::size_t at = 0; at < program_.onChunk.size(); ++at) {
      for (const std::size_t reg : reads(program_.onChunk[at])) lastAction[reg] = at;
    }
    for (std::size_t at = 0; at < program_.onChunk.size(); ++at) {
      const Action& action = program_.onChunk[at];
      std::vector<std::size_t> read = reads(action);
      std::sort(read.begin(), read.end());
      read.erase(std::unique(read.begin(), read.end()), read.end());
      for (const std::size_t reg : read) {
        if (program_.registers[reg].home == Home::slot && lastAction[reg] == at) {
          free.push_back(program_.registers[reg].index);
        }
      }
      const bool writes = action.what == Do::load || action.what == Do::compute;
      if (!writes || program_.registers[action.reg].home != Home::slot) continue;
      if (free.empty()) free.push_back(program_.slots++);
      program_.registers[action.reg].index = free.back();
      free.pop_back();
    }
  }

  const core::Plan& plan_;
  const core::FusedStep& step_;
  const Geometry& geometry_;
  const std::vector<core::Load>& loads_;
  const bool toMemory_;
  std::vector<std::size_t> lastUse_, uses_;
  std::vector<std::size_t> inner_;  // the register that an instruction computes along with its own
  std::vector<bool> loaded_;
  Program program_;
};

}  // namespace

std::optional<std::size_t> varianceOver(const core::FusedStep& step, std::size_t i) {
  const core::Reduction& sum = step.reductions[i];
  if (sum.op != core::ReductionOp::sum) return std::nullopt;
  for (std::size_t k = 0; k < step.reductions.size(); ++k) {
    const core::Reduction& r = step.reductions[k];
    if (r.op == core::ReductionOp::variance && r.reg == sum.reg && r.keep == sum.keep) return k;
  }
  return std::nullopt;
}

Program arrange(const core::Plan& plan, const core::FusedStep& step, const Geometry& geometry,
                const std::vector<core::Load>& loads, bool toMemory) {
  return Arranger(plan, step, geometry, loads, toMemory).arrange();
}

}  // namespace pathex::cpu
