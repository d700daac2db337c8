#include "cuda/own_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace pathex::cuda {

namespace {

namespace fs = std::filesystem;

constexpr mode_t others = S_IWGRP | S_IWOTH;

class File {
 public:
  File(const std::string& path, int flags, mode_t mode = 0)
      : descriptor_(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, mode)) {}
  ~File() {
    if (isOpen()) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool isOpen() const { return descriptor_ >= 0; }
  bool isOwn(struct stat& found) const {
    return isOpen() && ::fstat(descriptor_, &found) == 0 && S_ISREG(found.st_mode) && found.st_uid == ::geteuid() &&
           (found.st_mode & others) == 0;
  }
  bool write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }
  bool read(std::string& bytes) const {
    for (std::size_t at = 0; at < bytes.size();) {
      const ssize_t got = ::read(descriptor_, bytes.data() + at, bytes.size() - at);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      at += static_cast<std::size_t>(got);
    }
    return true;
  }

 private:
  int descriptor_;
};

std::string octal(mode_t mode) {
  char text[16];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777));
  return text;
}

}  // namespace

std::string makeOwnFolder(const std::string& folder) {
  if (folder.empty()) return {};
  std::error_code failed;
  fs::create_directories(fs::path(folder).parent_path(), failed);
  if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST)
    return folder + " cannot be made: " + std::strerror(errno);
  struct stat found{};
  if (::stat(folder.c_str(), &found) != 0) return folder + " cannot be looked at: " + std::strerror(errno);
  if (!S_ISDIR(found.st_mode)) return folder + " is no folder; move it away";
  if (found.st_uid != ::geteuid())
    return folder + " belongs to another user; remove it, or set XDG_CACHE_HOME to a folder of your own";
  if ((found.st_mode & others) != 0)
    return folder + " may be written by others (mode " + octal(found.st_mode) +
           "); remove it, or chmod 700 it if you trust what is in it";
  return {};
}

std::optional<std::string> readOwnFile(const std::string& path, std::size_t most) {
  const File file(path, O_RDONLY);
  struct stat found{};
  if (!file.isOwn(found) || static_cast<std::size_t>(found.st_size) > most) return std::nullopt;
  std::string bytes(static_cast<std::size_t>(found.st_size), '\0');
  if (!file.read(bytes)) return std::nullopt;
  return bytes;
}

void writeOwnFile(const std::string& path, std::string_view bytes) {
  static std::atomic<unsigned> count{0};  // devices of one process write from threads of their own
  const std::string part = path + "." + std::to_string(::getpid()) + "-" + std::to_string(count++) + ".part";
  std::error_code ignored;
  fs::remove(part, ignored);
  bool isWhole = false;
  {
    const File file(part, O_WRONLY | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
    isWhole = file.isOpen() && file.write(bytes);
  }
  if (!isWhole || ::rename(part.c_str(), path.c_str()) != 0) fs::remove(part, ignored);
}

void appendToOwnFile(const std::string& path, std::string_view line) {
  const File file(path, O_WRONLY | O_CREAT | O_APPEND, S_IRUSR | S_IWUSR);
  struct stat found{};
  if (file.isOwn(found)) file.write(line);
}

}  // namespace pathex::cuda
