#include "cuda/tuning.h"

#include <cctype>
#include <filesystem>
#include <sstream>

#include "cuda/own_files.h"
#include "cuda/sha256.h"
#include "cuda/version.h"

namespace pathex::cuda {

namespace {

std::string fileNameOf(const std::string& deviceName, int multiprocessors, std::size_t version) {
  std::string name;
  for (const char c : deviceName) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '-';
  return name + "-" + std::to_string(multiprocessors) + "-cudnn-" + showVersion(version) + ".tuning";
}

constexpr const char* plain = "plain";
/// Far above what a thousand networks need.
constexpr std::size_t mostBytes = std::size_t{64} << 20;

/// Of a line's own text and of the file that it stands in, whose name says what it was measured on.
std::string digestOf(const std::string& file, const std::string& line) {
  const std::string name = std::filesystem::path(file).filename().string();
  return Sha256().add("pathex tuning 2\n").add(name).add("\n").add(line).hexadecimal();
}

struct Line {
  std::string signature;
  TunedChoice choice;
};

std::optional<Line> parse(const std::string& text) {
  std::istringstream stream(text);
  std::string signature, engine, knobs, seconds;
  if (!std::getline(stream, signature, '\t') || !std::getline(stream, engine, '\t') ||
      !std::getline(stream, knobs, '\t') || !std::getline(stream, seconds)) {
    return std::nullopt;
  }
  if (engine == plain) return Line{std::move(signature), {}};
  std::istringstream number(engine);
  cudnn::EngineChoice choice;
  auto parsed = cudnn::parseKnobs(knobs);
  if (!parsed || !(number >> choice.engine) || number.peek() != std::istringstream::traits_type::eof()) {
    return std::nullopt;
  }
  choice.knobs = std::move(*parsed);
  return Line{std::move(signature), {std::move(choice)}};
}

}  // namespace

TuningCache::TuningCache(const std::string& folder, const std::string& deviceName, int multiprocessors,
                         std::size_t version) {
  if (folder.empty()) return;
  file_ = (std::filesystem::path(folder) / fileNameOf(deviceName, multiprocessors, version)).string();
  std::istringstream stream(readOwnFile(file_, mostBytes).value_or(""));
  for (std::string text; std::getline(stream, text);) {
    const std::size_t end = text.rfind('\t');
    if (end == std::string::npos || text.substr(end + 1) != digestOf(file_, text.substr(0, end))) continue;
    if (auto line = parse(text.substr(0, end))) choices_.insert_or_assign(std::move(line->signature), std::move(line->choice));
  }
}

std::optional<TunedChoice> TuningCache::choice(const std::string& signature) const {
  const auto found = choices_.find(signature);
  return found == choices_.end() ? std::nullopt : std::optional(found->second);
}

void TuningCache::remember(const std::string& signature, const TunedChoice& choice, std::optional<double> seconds) {
  choices_.insert_or_assign(signature, choice);
  if (file_.empty() || !seconds) return;
  std::ostringstream line;
  line << signature << '\t';
  if (choice.engine)
    line << choice.engine->engine << '\t' << cudnn::showKnobs(choice.engine->knobs);
  else
    line << plain << "\t-";
  line << '\t' << *seconds;
  appendToOwnFile(file_, line.str() + '\t' + digestOf(file_, line.str()) + '\n');
}

std::shared_ptr<const cudnn::BuiltPlan> TuningCache::live(const std::string& signature) const {
  const auto found = live_.find(signature);
  return found == live_.end() ? nullptr : found->second.lock();
}

void TuningCache::share(const std::string& signature, const std::shared_ptr<const cudnn::BuiltPlan>& plan) {
  live_.insert_or_assign(signature, plan);
}

}  // namespace pathex::cuda
