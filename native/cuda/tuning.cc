#include "cuda/tuning.h"

#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cuda/version.h"

namespace pathex::cuda {

namespace {

std::string fileNameOf(const std::string& deviceName, int multiprocessors, std::size_t version) {
  std::string name;
  for (const char c : deviceName) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '-';
  return name + "-" + std::to_string(multiprocessors) + "-cudnn-" + showVersion(version) + ".tuning";
}

struct Line {
  std::string signature;
  cudnn::EngineChoice choice;
};

std::optional<Line> parse(const std::string& text) {
  std::istringstream stream(text);
  std::string signature, engine, knobs, seconds;
  if (!std::getline(stream, signature, '\t') || !std::getline(stream, engine, '\t') ||
      !std::getline(stream, knobs, '\t') || !std::getline(stream, seconds)) {
    return std::nullopt;
  }
  std::istringstream number(engine);
  Line line{std::move(signature), {}};
  auto parsed = cudnn::parseKnobs(knobs);
  if (!parsed || !(number >> line.choice.engine) || number.peek() != std::istringstream::traits_type::eof()) {
    return std::nullopt;
  }
  line.choice.knobs = std::move(*parsed);
  return line;
}

}  // namespace

TuningCache::TuningCache(const std::string& folder, const std::string& deviceName, int multiprocessors,
                         std::size_t version) {
  if (folder.empty()) return;
  file_ = (std::filesystem::path(folder) / fileNameOf(deviceName, multiprocessors, version)).string();
  std::ifstream stream(file_);
  for (std::string text; std::getline(stream, text);) {
    if (auto line = parse(text)) choices_.insert_or_assign(std::move(line->signature), std::move(line->choice));
  }
}

std::optional<cudnn::EngineChoice> TuningCache::choice(const std::string& signature) const {
  const auto found = choices_.find(signature);
  return found == choices_.end() ? std::nullopt : std::optional(found->second);
}

void TuningCache::remember(const std::string& signature, const cudnn::EngineChoice& choice,
                           std::optional<double> seconds) {
  choices_.insert_or_assign(signature, choice);
  if (file_.empty() || !seconds) return;
  std::ostringstream line;
  line << signature << '\t' << choice.engine << '\t' << cudnn::showKnobs(choice.knobs) << '\t' << *seconds << '\n';
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(file_).parent_path(), ignored);
  std::ofstream(file_, std::ios::app) << line.str() << std::flush;
}

std::shared_ptr<const cudnn::BuiltPlan> TuningCache::live(const std::string& signature) const {
  const auto found = live_.find(signature);
  return found == live_.end() ? nullptr : found->second.lock();
}

void TuningCache::share(const std::string& signature, const std::shared_ptr<const cudnn::BuiltPlan>& plan) {
  live_.insert_or_assign(signature, plan);
}

}  // namespace pathex::cuda
