#pragma once

#include <optional>
#include <string>
#include <vector>

namespace pathex::cuda {

/// Machine code kept on disk between processes, by everything that it depends on: source, architecture, compiler and
/// options. Each entry carries the SHA-256 of all that and of the code itself. It only saves time: what cannot be read,
/// has been damaged, or may have been written by another user is compiled anew.
class CubinCache {
 public:
  /// `folder` must be there (see makeOwnFolder), or be empty: then nothing is kept.
  explicit CubinCache(std::string folder) : folder_(std::move(folder)) {}

  std::optional<std::vector<char>> read(const std::string& key) const;
  /// Readers see the whole entry or none.
  void write(const std::string& key, const std::vector<char>& code) const;

 private:
  std::string pathOf(const std::string& key) const;

  std::string folder_;
};

}  // namespace pathex::cuda
