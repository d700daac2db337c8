#pragma once

#include <napi.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

/// Reading wire formats, which are JavaScript objects.
namespace pathex::addon {

/// Thrown inside a reader and caught at its border.
struct Fault {
  std::string message;
};

/// A value and the way to it, so that a fault can name its place. The way is written out for a fault only: plans have
/// tens of thousands of values.
class Node {
 public:
  /// The whole, by the name that faults give it; a field of `parent`; an item of `parent`.
  Node(Napi::Value value, const char* name) : value_(value), name_(name) {}
  Node(Napi::Value value, const Node& parent, const char* field) : value_(value), parent_(&parent), name_(field) {}
  Node(Napi::Value value, const Node& parent, std::uint32_t item) : value_(value), parent_(&parent), item_(item) {}

  std::string path() const {
    if (parent_ == nullptr) return name_;
    return parent_->path() + (name_ != nullptr ? "." + std::string(name_) : "[" + std::to_string(item_) + "]");
  }
  [[noreturn]] void fail(const std::string& what) const { throw Fault{path() + ": " + what}; }

  Node field(const char* name) const {
    if (!value_.IsObject()) fail("is not an object");
    return {value_.As<Napi::Object>().Get(name), *this, name};
  }
  bool has(const char* name) const { return value_.IsObject() && !value_.As<Napi::Object>().Get(name).IsUndefined(); }
  bool isObject() const { return value_.IsObject(); }
  bool isNumber() const { return value_.IsNumber(); }
  std::string shown() const { return value_.ToString().Utf8Value(); }

  double number() const {
    double x = 0;
    if (napi_get_value_double(value_.Env(), value_, &x) != napi_ok) fail("is not a number");
    return x;
  }
  std::int64_t integer() const {
    const double x = number();
    if (x != std::floor(x) || std::fabs(x) > 0x1p53) fail("is not an integer");
    return static_cast<std::int64_t>(x);
  }
  std::size_t natural() const {
    const std::int64_t x = integer();
    if (x < 0) fail("is negative");
    return static_cast<std::size_t>(x);
  }
  bool boolean() const {
    if (!value_.IsBoolean()) fail("is not a boolean");
    return value_.As<Napi::Boolean>().Value();
  }
  std::string text() const {
    if (!value_.IsString()) fail("is not a string");
    return value_.As<Napi::String>().Utf8Value();
  }

  template <class Read>
  auto list(const Read& read) const {
    const Napi::Array array = items();
    std::vector<decltype(read(*this))> out = roomFor<decltype(read(*this))>(array.Length());
    for (std::uint32_t i = 0; i < array.Length(); ++i) {
      const Napi::HandleScope scope(array.Env());
      out.push_back(read(Node(array.Get(i), *this, i)));
    }
    return out;
  }
  std::vector<double> numbers() const {
    return plain<double>([](const Node& n) { return n.number(); });
  }
  std::vector<std::size_t> naturals() const {
    return plain<std::size_t>([](const Node& n) { return n.natural(); });
  }
  std::vector<std::int64_t> integers() const {
    return plain<std::int64_t>([](const Node& n) { return n.integer(); });
  }
  template <class T, std::size_t N>
  std::array<T, N> tuple() const {
    const std::vector<std::int64_t> items = integers();
    if (items.size() != N) fail("has " + std::to_string(items.size()) + " elements, not " + std::to_string(N));
    std::array<T, N> out{};
    for (std::size_t i = 0; i < N; ++i) {
      if constexpr (std::is_unsigned_v<T>) {
        if (items[i] < 0) fail("has a negative element");
      }
      out[i] = static_cast<T>(items[i]);
    }
    return out;
  }
  /// One of a closed set of words.
  template <class T>
  T word(std::initializer_list<std::pair<const char*, T>> words) const {
    const std::string given = text();
    for (const auto& [name, value] : words) {
      if (given == name) return value;
    }
    fail("'" + given + "' is unknown");
  }

 private:
  Napi::Array items() const {
    if (!value_.IsArray()) fail("is not an array");
    return value_.As<Napi::Array>();
  }
  /// A list of values that are no objects: one scope for all their handles.
  template <class T, class Read>
  std::vector<T> plain(const Read& read) const {
    const Napi::Array array = items();
    const Napi::HandleScope scope(array.Env());
    std::vector<T> out = roomFor<T>(array.Length());
    for (std::uint32_t i = 0; i < array.Length(); ++i) out.push_back(read(Node(array.Get(i), *this, i)));
    return out;
  }
  /// An array's length may be a mere claim: one of four thousand million holes takes no memory. So the room that is
  /// made in advance is bounded, and the first hole is a fault.
  template <class T>
  static std::vector<T> roomFor(std::uint32_t length) {
    std::vector<T> out;
    out.reserve(std::min(length, std::uint32_t{1} << 12));
    return out;
  }

  Napi::Value value_;
  const Node* parent_ = nullptr;
  const char* name_ = nullptr;
  std::uint32_t item_ = 0;
};

}  // namespace pathex::addon
