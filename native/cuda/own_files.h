#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pathex::cuda {

/// Files that are kept between processes and loaded into the GPU or obeyed: only those that this user alone can have
/// written are read.

/// Makes a folder that only this user may enter, and the folders above it. The answer says why nothing in it can be
/// trusted or kept, with a remedy; empty where all is well. An empty name is well: nothing is kept then.
std::string makeOwnFolder(const std::string& folder);

/// The bytes of a regular file of this user's that no other may write to and that is no link; none for any other.
std::optional<std::string> readOwnFile(const std::string& path, std::size_t most);

/// Writes a file whole or not at all, for this user alone. Failing is silent: such files only save time.
void writeOwnFile(const std::string& path, std::string_view bytes);

/// Adds a line to a file in one piece, so that lines of several processes do not mix.
void appendToOwnFile(const std::string& path, std::string_view line);

}  // namespace pathex::cuda
