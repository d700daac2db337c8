#include "cuda/cubin_cache.h"

#include <cstdint>
#include <filesystem>

#include "cuda/own_files.h"
#include "cuda/sha256.h"

namespace pathex::cuda {

namespace {

/// An entry is this word, the digest of key and code, the key's length as 16 hexadecimal digits, the key and the code. The
/// key is there whole, although the file's name is its digest: what an entry was made from can be read.
constexpr std::string_view word = "pxcubin2";
constexpr std::size_t digestLength = 64;
constexpr std::size_t headLength = word.size() + digestLength + 16;
/// Far above any program of ours.
constexpr std::size_t mostBytes = std::size_t{256} << 20;

std::string lengthOf(const std::string& key) {
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[(std::uint64_t{key.size()} >> shift) & 15];
  return text;
}

std::string headOf(const std::string& key, std::string_view code) {
  const std::string length = lengthOf(key);
  return std::string(word) + Sha256().add(length).add(key).add(code).hexadecimal() + length;
}

}  // namespace

std::string CubinCache::pathOf(const std::string& key) const {
  return (std::filesystem::path(folder_) / (Sha256().add(key).hexadecimal() + ".cubin")).string();
}

std::optional<std::vector<char>> CubinCache::read(const std::string& key) const {
  if (folder_.empty()) return std::nullopt;
  const auto bytes = readOwnFile(pathOf(key), mostBytes);
  if (!bytes || bytes->size() < headLength + key.size()) return std::nullopt;
  const std::string_view all = *bytes;
  const std::string_view code = all.substr(headLength + key.size());
  if (all.substr(headLength, key.size()) != key || all.substr(0, headLength) != headOf(key, code)) return std::nullopt;
  return std::vector<char>(code.begin(), code.end());
}

void CubinCache::write(const std::string& key, const std::vector<char>& code) const {
  if (folder_.empty()) return;
  const std::string_view bytes(code.data(), code.size());
  writeOwnFile(pathOf(key), headOf(key, bytes) + key + std::string(bytes));
}

}  // namespace pathex::cuda
