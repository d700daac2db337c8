#include "printed_plan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <regex>
#include <string>

namespace pathex::test {

namespace {

using core::StorageType;

std::vector<std::size_t> numbersIn(std::string text) {
  for (char& c : text) {
    if (c < '0' || c > '9') c = ' ';
  }
  std::istringstream stream(text);
  std::vector<std::size_t> numbers;
  for (std::size_t n = 0; stream >> n;) numbers.push_back(n);
  return numbers;
}

StorageType typeOf(const std::string& name) {
  return name == "bf16"  ? StorageType::bf16
         : name == "i32" ? StorageType::i32
         : name == "u8"  ? StorageType::u8
                         : StorageType::f32;
}

constexpr const char* reference = "([bc]\\d+|(?:state|input|output) '[^']*')";

class Reader {
 public:
  core::Plan read(std::istream& stream) {
    static const std::regex slot("  (state|input|output) (\\w+)\\[([\\d, ]*)\\] (.*)");
    static const std::regex buffer("  b(\\d+): (\\w+)\\[([\\d, ]*)\\] at (\\d+)");
    static const std::regex call("(.*): (.*) = (\\w+)\\((.*?)\\)(.*)"),
        fused("(.*): \\[(\\d+ \\d+ \\d+)\\] (.*)-> (.*)");
    std::smatch m;
    for (std::string line; std::getline(stream, line);) {
      if (std::regex_match(line, m, slot)) {
        const core::In in = m[1] == "state" ? core::In::state : m[1] == "input" ? core::In::input : core::In::output;
        named_[std::string(m[1]) + " '" + std::string(m[4]) + "'"] = plan_.buffers.size();
        plan_.buffers.push_back({typeOf(m[2]), numbersIn(m[3]), {in, counts_[m[1]]++}});
      } else if (std::regex_match(line, m, buffer)) {
        at(std::stoul(m[1])) = {typeOf(m[2]), numbersIn(m[3]), {core::In::arena, std::stoul(m[4])}};
      } else if (std::regex_match(line, m, fused)) {
        plan_.steps.push_back(fusedStep(m[1], m[2], m[3], m[4]));
      } else if (std::regex_match(line, m, call)) {
        plan_.steps.push_back(callStep(m[1], m[2], m[3], m[4], m[5]));
      }
    }
    return std::move(plan_);
  }

 private:
  core::PlanBuffer& at(std::size_t id) {
    if (plan_.buffers.size() <= id) plan_.buffers.resize(id + 1);
    return plan_.buffers[id];
  }
  std::size_t bufferOf(const std::string& text) {
    if (const auto known = named_.find(text); known != named_.end()) return known->second;
    const std::size_t id = std::stoul(text.substr(1));
    if (text[0] == 'c') at(id) = {StorageType::f32, {1}, {core::In::constant, 0}};
    return id;
  }
  std::vector<std::size_t> buffersIn(const std::string& text) {
    static const std::regex one(reference);
    std::vector<std::size_t> buffers;
    for (std::sregex_iterator i(text.begin(), text.end(), one), end; i != end; ++i)
      buffers.push_back(bufferOf((*i)[1]));
    return buffers;
  }

  core::Step fusedStep(const std::string& name, const std::string& domain, const std::string& body,
                       const std::string& writes) {
    static const std::regex load(std::string("r\\d+=") + reference + "<(\\d+ \\d+ \\d+)>"),
        code("r\\d+=(\\w+)\\(([^)]*)\\)"), store(std::string(reference) + "=r(\\d+)"),
        reduction(std::string(reference) + "=(sum|variance|max)\\.(none|inner|outer|outerInner) r(\\d+)");
    core::FusedStep step;
    step.name = name;
    const auto extents = numbersIn(domain);
    step.domain = {extents[0], extents[1], extents[2]};
    const std::sregex_iterator end;
    for (std::sregex_iterator i(body.begin(), body.end(), load); i != end; ++i) {
      const auto strides = numbersIn((*i)[2]);
      step.loads.push_back({bufferOf((*i)[1]), {strides[0], strides[1], strides[2]}});
    }
    for (std::sregex_iterator i(body.begin(), body.end(), code); i != end; ++i) {
      const auto& table = core::instructions();
      const std::string called = (*i)[1];
      const auto info =
          std::find_if(table.begin(), table.end(), [&](const auto& known) { return known.name == called; });
      if (info->instruction == core::Instruction::constant)
        step.code.push_back({info->instruction, {}, std::stod((*i)[2])});
      else
        step.code.push_back({info->instruction, numbersIn((*i)[2])});
    }
    for (std::sregex_iterator i(writes.begin(), writes.end(), store); i != end; ++i) {
      step.stores.push_back({std::stoul((*i)[2]), bufferOf((*i)[1])});
    }
    for (std::sregex_iterator i(writes.begin(), writes.end(), reduction); i != end; ++i) {
      const std::string keep = (*i)[3];
      step.reductions.push_back({std::stoul((*i)[4]),
                                 (*i)[2] == "sum"        ? core::ReductionOp::sum
                                 : (*i)[2] == "variance" ? core::ReductionOp::variance
                                                         : core::ReductionOp::max,
                                 keep == "none"    ? core::Keep::none
                                 : keep == "inner" ? core::Keep::inner
                                 : keep == "outer" ? core::Keep::outer
                                                   : core::Keep::outerInner,
                                 bufferOf((*i)[1])});
    }
    return step;
  }

  core::Step callStep(const std::string& name, const std::string& outputs, const std::string& kernel,
                      const std::string& inputs, std::string attributes) {
    const core::Call call = core::callNamed(kernel).value();
    core::CallStep step{name, call, buffersIn(inputs), buffersIn(outputs), core::attributesOf(call)};
    if (!std::holds_alternative<core::ConvAttributes>(step.attributes)) return step;
    step.epilogue = epilogueIn(attributes);
    std::replace_if(attributes.begin(), attributes.end(), [](char c) { return c != '-' && (c < '0' || c > '9'); }, ' ');
    std::istringstream stream(attributes);
    core::ConvAttributes a{};
    for (std::int64_t* const x : {&a.n, &a.h, &a.w, &a.c, &a.f, &a.kh, &a.kw, &a.oh, &a.ow}) stream >> *x;
    for (std::int64_t& x : a.stride) stream >> x;
    for (std::int64_t& x : a.dilation) stream >> x;
    for (std::int64_t& x : a.padding) stream >> x;
    step.attributes = a;
    return step;
  }

  /// The mark behind the attributes, if there is one.
  std::optional<core::EpilogueMark> epilogueIn(const std::string& text) {
    static const std::regex map("epilogue=map\\(([a-z ]*)\\)( keepsResult)?"),
        sums(std::string("epilogue=sums\\(") + reference + " " + reference + "\\)");
    std::smatch m;
    if (std::regex_search(text, m, sums)) return core::SumsEpilogue{bufferOf(m[1]), bufferOf(m[2])};
    if (!std::regex_search(text, m, map)) return std::nullopt;
    core::MapEpilogue mark{{}, m[2].matched};
    std::istringstream words(m[1]);
    for (std::string word; words >> word;) {
      mark.spreads.push_back(word == "full"      ? core::Spread::full
                             : word == "channel" ? core::Spread::channel
                                                 : core::Spread::scalar);
    }
    return mark;
  }

  core::Plan plan_;
  std::map<std::string, std::size_t> named_, counts_;
};

}  // namespace

core::Plan readPlan(std::istream& stream) {
  return Reader().read(stream);
}

}  // namespace pathex::test
