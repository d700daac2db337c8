#include "cuda/cubin_cache.h"

#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace pathex::cuda {

namespace {

namespace fs = std::filesystem;

/// An entry is this word, the lengths of key and code, a digest of both, the key and the code. The key is there whole:
/// a file's name is only a digest of it, and two keys may share one.
constexpr std::array<char, 8> word{'p', 'x', 'c', 'u', 'b', 'i', 'n', '1'};
struct Head {
  std::array<char, 8> magic;
  std::uint64_t keyBytes, codeBytes, digest;
};

/// FNV-1a.
std::uint64_t digestOf(const char* bytes, std::size_t size, std::uint64_t digest = 0xcbf29ce484222325) {
  for (std::size_t i = 0; i < size; ++i) digest = (digest ^ static_cast<unsigned char>(bytes[i])) * 0x100000001b3;
  return digest;
}
std::uint64_t digestOf(const std::string& key, const char* code, std::size_t size) {
  return digestOf(code, size, digestOf(key.data(), key.size()));
}

std::string hexadecimal(std::uint64_t number) {
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[(number >> shift) & 15];
  return text;
}

}  // namespace

std::string CubinCache::pathOf(const std::string& key) const {
  return (fs::path(folder_) / (hexadecimal(digestOf(key.data(), key.size())) + ".cubin")).string();
}

std::optional<std::vector<char>> CubinCache::read(const std::string& key) const {
  if (folder_.empty()) return std::nullopt;
  std::ifstream file(pathOf(key), std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  Head head{};
  if (!file || bytes.size() < sizeof head) return std::nullopt;
  std::memcpy(&head, bytes.data(), sizeof head);
  const std::size_t rest = bytes.size() - sizeof head;
  if (head.magic != word || head.keyBytes != key.size() || head.keyBytes > rest ||
      head.codeBytes != rest - head.keyBytes) {
    return std::nullopt;
  }
  const char* const code = bytes.data() + sizeof head + key.size();
  if (std::memcmp(bytes.data() + sizeof head, key.data(), key.size()) != 0 ||
      head.digest != digestOf(key, code, head.codeBytes)) {
    return std::nullopt;
  }
  return std::vector<char>(code, code + head.codeBytes);
}

void CubinCache::write(const std::string& key, const std::vector<char>& code) const {
  if (folder_.empty()) return;
  std::error_code failed;
  fs::create_directories(folder_, failed);
  const std::string path = pathOf(key);
  const std::string part = path + "." + std::to_string(getpid()) + ".part";  // renamed when whole
  const Head head{word, key.size(), code.size(), digestOf(key, code.data(), code.size())};
  {
    std::ofstream file(part, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(&head), sizeof head);
    file.write(key.data(), static_cast<std::streamsize>(key.size()));
    file.write(code.data(), static_cast<std::streamsize>(code.size()));
    if (!file.flush()) {
      file.close();
      fs::remove(part, failed);
      return;
    }
  }
  fs::rename(part, path, failed);
  if (failed) fs::remove(part, failed);
}

}  // namespace pathex::cuda
