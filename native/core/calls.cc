#include "core/calls.h"

#include <utility>

namespace pathex::core {

const char* nameOf(Call call) {
  switch (call) {
#define PATHEX_CALL(name, ...) \
  case Call::name:             \
    return #name;
#include "core/calls.inc"
  }
  return "?";
}

std::optional<Call> callNamed(std::string_view given) {
  static constexpr std::pair<std::string_view, Call> table[] = {
#define PATHEX_CALL(name, ...) {#name, Call::name},
#include "core/calls.inc"
  };
  for (const auto& [name, call] : table) {
    if (name == given) return call;
  }
  return std::nullopt;
}

CallAttributes attributesOf(Call call) {
  switch (call) {
#define PATHEX_CALL(name, Record, ...) \
  case Call::name:                     \
    return Record##Attributes{};
#include "core/calls.inc"
  }
  return {};
}

}  // namespace pathex::core
