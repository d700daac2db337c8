#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pathex::cuda {

/// SHA-256 (FIPS 180-4), so that what is kept on disk can say what it was made from. Not for large data: about 200 MB/s.
class Sha256 {
 public:
  Sha256& add(std::string_view bytes);
  /// 64 hexadecimal digits. Ends the sum: nothing may be added afterwards.
  std::string hexadecimal();

 private:
  void block(const unsigned char* bytes);

  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, 64> rest_{};
  std::uint64_t total_ = 0;
};

}  // namespace pathex::cuda
