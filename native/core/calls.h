#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

/// The kernels of calls and their attributes, out of the table that calls.inc is.
namespace pathex::core {

enum class Call {
#define PATHEX_CALL(name, ...) name,
#include "core/calls.inc"
};
const char* nameOf(Call);
/// None for a name that the table does not have.
std::optional<Call> callNamed(std::string_view);

using Pair = std::array<std::int64_t, 2>;
using Edges = std::array<std::int64_t, 4>;  // top, left, bottom, right

/// What the fields of attributes are; src/plan/calls.ts explains them.
enum class FieldKind {
  extent,
  extents2,
  reach,
  reaches2,
  margins,
  edges,
  rows,
  natural,
  naturals,
  integers,
  flag,
  number
};

namespace fields {
using extent = std::int64_t;
using extents2 = Pair;
using reach = std::int64_t;
using reaches2 = Pair;
using margins = Edges;
using edges = Edges;
using rows = std::size_t;
using natural = std::size_t;
using naturals = std::vector<std::size_t>;
using integers = std::vector<std::int64_t>;
using flag = bool;
using number = double;
}  // namespace fields

#define PATHEX_FIELD(kind, name) fields::kind name{};
#define PATHEX_RECORD(Name, ...) \
  struct Name##Attributes {      \
    __VA_ARGS__                  \
  };
#include "core/calls.inc"
#undef PATHEX_FIELD

/// visit(kind, name, field) for every field of a record, in the order of the table.
#define PATHEX_FIELD(kind, name) visit(FieldKind::kind, #name, a.name);
#define PATHEX_RECORD(Name, ...)                             \
  template <class Visit>                                     \
  void eachField(Name##Attributes& a, Visit&& visit) {       \
    __VA_ARGS__                                              \
  }                                                          \
  template <class Visit>                                     \
  void eachField(const Name##Attributes& a, Visit&& visit) { \
    __VA_ARGS__                                              \
  }
#include "core/calls.inc"
#undef PATHEX_FIELD

namespace fields {
template <class, class... Records>
struct OneOf {
  using type = std::variant<Records...>;
};
}  // namespace fields
// `void` stands before the first comma.
#define PATHEX_RECORD(Name, ...) , Name##Attributes
using CallAttributes = fields::OneOf<void
#include "core/calls.inc"
                                     >::type;

/// The attributes of a kernel, all zero.
CallAttributes attributesOf(Call);

}  // namespace pathex::core
