#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/status.h"

namespace pathex::cpu {

/// Refuses an index that names no row of its table.
inline core::Status checkRows(const std::int32_t* index, std::size_t count, std::size_t rows, const char* kernel) {
  for (std::size_t i = 0; i < count; ++i) {
    if (index[i] >= 0 && static_cast<std::size_t>(index[i]) < rows) continue;
    return {core::Code::data, std::string(kernel) + ": row " + std::to_string(index[i]) + " of a table of " +
                                  std::to_string(rows) + " at index[" + std::to_string(i) + "]; correct the index"};
  }
  return {};
}

}  // namespace pathex::cpu
