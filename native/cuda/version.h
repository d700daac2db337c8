#pragma once

#include <cstddef>
#include <string>

namespace pathex::cuda {

/// "9.24.0" for 92400: cuDNN 9 and cuBLAS count alike.
inline std::string showVersion(std::size_t version) {
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." +
         std::to_string(version % 100);
}

}  // namespace pathex::cuda
