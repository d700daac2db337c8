// Asks cuDNN which kernels a described GPU would run. Reads a plan as `pathex plan` prints it.
//   ask DEVICE.json kernels|pairs strict|tf32|bf16 deterministic|any [TUNING_FOLDER [timed]] < plan
//   ask DEVICE.json unreadable strict|tf32|bf16 deterministic|any < plan
//   ask products
//   ask timer
//   ask libraries
// Rows are tab-separated. With `timed`, a timer that no GPU needs decides: a second for each byte of workspace.
#include "ask.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <sstream>

#include "cuda/conv_graph.h"
#include "cuda/cudnn.h"
#include "cuda/engines.h"
#include "cuda/version.h"

namespace pathex::test {

namespace {

/// "... = conv2d(b1, b2) n=128 ... stride=[1 1] ..."; none for any other line.
std::optional<Question> parse(const std::string& line) {
  const auto at = line.find(" = conv2d");
  if (at == std::string::npos) return std::nullopt;
  const auto open = line.find('(', at), close = line.find(')', at);
  std::string numbers = line.substr(close + 1);
  for (char& c : numbers) {
    if (!(c == '-' || (c >= '0' && c <= '9'))) c = ' ';
  }
  std::istringstream stream(numbers);
  const auto kernel = core::callNamed(std::string_view(line).substr(at + 3, open - at - 3));
  if (!kernel) return std::nullopt;
  Question q{*kernel, {}};
  core::ConvAttributes& a = q.attributes;
  stream >> a.n >> a.h >> a.w >> a.c >> a.f >> a.kh >> a.kw >> a.oh >> a.ow;
  for (std::int64_t& x : a.stride) stream >> x;
  for (std::int64_t& x : a.dilation) stream >> x;
  for (std::int64_t& x : a.padding) stream >> x;
  return stream ? std::optional(q) : std::nullopt;
}

std::vector<Question> readQuestions() {
  std::vector<Question> questions;
  std::vector<std::string> seen;
  for (std::string line; std::getline(std::cin, line);) {
    const std::optional<Question> q = parse(line);
    if (!q) continue;
    const std::string signature = cuda::signatureOf(q->kernel, q->attributes);
    if (std::find(seen.begin(), seen.end(), signature) != seen.end()) continue;
    seen.push_back(signature);
    questions.push_back(*q);
  }
  return questions;
}

/// With precision bf16 all convolutions are asked about as if the plan kept their operands so.
core::StorageType operandsIn(const cuda::LibraryContext& context) {
  return context.options().precision == cuda::Precision::bf16 ? core::StorageType::bf16 : core::StorageType::f32;
}

/// What the heuristics list before anything is ruled out.
std::vector<cuda::cudnn::Candidate> listedFor(const cuda::LibraryContext& context, const Question& q) {
  std::vector<cuda::cudnn::Candidate> all;
  const core::Plan plan = planOf(q, operandsIn(context));
  auto graph = cuda::convGraph(*context.cudnn(), plan, std::get<core::CallStep>(plan.steps[0]));
  if (!graph.ok()) return all;
  for (const auto mode : {cuda::cudnn::CUDNN_HEUR_MODE_A, cuda::cudnn::CUDNN_HEUR_MODE_FALLBACK}) {
    auto list = cuda::cudnn::listed(*context.cudnn(), graph.value().graph, mode);
    if (!list.ok()) continue;
    for (auto& candidate : list.value()) all.push_back(std::move(candidate));
  }
  return all;
}

/// "0 4": the numerical notes of the implementation that was chosen.
std::string notesOf(const std::vector<cuda::cudnn::Candidate>& all, const std::string& implementation) {
  for (const auto& c : all) {
    const std::string name =
        "cudnn engine " + std::to_string(c.choice.engine) + ", knobs " + cuda::cudnn::showKnobs(c.choice.knobs);
    if (name != implementation) continue;
    std::string notes;
    for (const auto note : c.notes) notes += (notes.empty() ? "" : " ") + std::to_string(note);
    return notes.empty() ? "none" : notes;
  }
  return "not listed";
}

/// Prefers what needs least workspace, and makes every candidate of the same workspace a tie.
class BytesTimer final : public cuda::Timer {
 public:
  core::Result<double> seconds(const std::vector<cuda::Kernel*>& kernels, const cuda::Work&, double) override {
    return static_cast<double>(1 + kernels.back()->workspaceBytes());
  }
};

int ask(int count, char** arguments) {
  if (count == 2 && std::string(arguments[1]) == "products") return checkProducts() ? 0 : 1;
  if (count == 2 && std::string(arguments[1]) == "timer") return checkTimer() ? 0 : 1;
  if (count == 2 && std::string(arguments[1]) == "libraries") {
    for (const auto& l : cuda::probeLibraries()) printRow({l.name, l.version, l.path, cell(l.refusal)});
    return 0;
  }
  if (count < 5) {
    std::cerr
        << "ask DEVICE.json kernels|pairs strict|tf32|bf16 deterministic|any [TUNING_FOLDER [timed]] < plan\n";
    return 2;
  }
  BytesTimer timer;
  std::ifstream file(arguments[1]);
  const std::string json{std::istreambuf_iterator<char>(file), {}};
  cuda::LibraryOptions options;
  const std::string precision = arguments[3];
  options.precision = precision == "tf32"   ? cuda::Precision::tf32
                      : precision == "bf16" ? cuda::Precision::bf16
                                            : cuda::Precision::strict;
  options.deterministic = std::string(arguments[4]) == "deterministic";
  options.deviceName = "described";
  if (count > 5) options.tuningFolder = arguments[5];
  if (count > 6) options.timer = &timer;
  auto context = cuda::LibraryContext::describe(std::move(options), json);
  if (!context.ok()) {
    std::cerr << context.status().message() << '\n';
    return 1;
  }
  printRow({"cuDNN", cuda::showVersion(context.value()->cudnn()->api->version())});
  const std::string what = arguments[2];
  if (what == "pairs") return askPairs(*context.value()) ? 0 : 1;
  const auto questions = readQuestions();
  const bool answered = what == "unreadable" ? askUnreadable(context.value()->cudnn()->api, json, questions)
                                             : askKernels(*context.value(), questions);
  return answered ? 0 : 1;
}

}  // namespace

core::Plan planOf(const Question& q, core::StorageType operands) {
  const core::ConvAttributes& a = q.attributes;
  const auto buffer = [](core::StorageType type, auto... extents) {
    return core::PlanBuffer{type, {static_cast<std::size_t>(extents)...}, {}};
  };
  const bool inputGrad = q.kernel == core::Call::conv2dInputGrad, weightGrad = q.kernel == core::Call::conv2dWeightGrad;
  core::Plan plan;
  plan.buffers = {buffer(operands, a.n, a.h, a.w, a.c),
                  buffer(weightGrad ? core::StorageType::f32 : operands, a.f, a.kh, a.kw, a.c),
                  buffer(operands, a.n, a.oh, a.ow, a.f)};
  std::vector<std::size_t> inputs{inputGrad ? 2u : 0u, weightGrad ? 2u : 1u};
  plan.steps.push_back(core::CallStep{core::nameOf(q.kernel),
                                      q.kernel,
                                      std::move(inputs),
                                      {inputGrad    ? 0u
                                       : weightGrad ? 1u
                                                    : 2u},
                                      core::CallAttributes(a)});
  return plan;
}

std::string cell(std::string text) {
  std::replace_if(text.begin(), text.end(), [](char c) { return c == '\t' || c == '\n'; }, ' ');
  return text;
}

void printRow(const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) std::cout << (i == 0 ? "" : "\t") << cells[i];
  std::cout << std::endl;
}

bool askKernels(cuda::LibraryContext& context, const std::vector<Question>& questions) {
  bool answered = true;
  for (const Question& q : questions) {
    const core::Plan plan = planOf(q, operandsIn(context));
    const auto started = std::chrono::steady_clock::now();
    auto kernel = cuda::makeLibraryKernel(context, plan, std::get<core::CallStep>(plan.steps[0]));
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - started;
    const std::string signature = cuda::signatureOf(q.kernel, q.attributes);
    if (!kernel.ok()) {
      printRow({"refused", signature, cell(kernel.status().message())});
      answered = false;
      continue;
    }
    const auto all = listedFor(context, q);
    const std::string name = kernel.value()->implementation();
    printRow({"kernel", signature, std::to_string(all.size()), name, notesOf(all, name),
              std::to_string(kernel.value()->workspaceBytes()), std::to_string(took.count())});
  }
  return answered;
}

}  // namespace pathex::test

int main(int count, char** arguments) {
  return pathex::test::ask(count, arguments);
}
