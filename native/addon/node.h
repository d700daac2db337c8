#pragma once

#include <napi.h>

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

/// A value and the way to it, so that a fault can name its place.
class Node {
 public:
  Node(Napi::Value value, const Node* parent, std::string key) : value_(value), parent_(parent), key_(std::move(key)) {}

  std::string path() const { return parent_ ? parent_->path() + key_ : key_; }
  [[noreturn]] void fail(const std::string& what) const { throw Fault{path() + ": " + what}; }

  Node field(const char* name) const {
    if (!value_.IsObject()) fail("is not an object");
    return {value_.As<Napi::Object>().Get(name), this, "." + std::string(name)};
  }
  bool has(const char* name) const { return value_.IsObject() && !value_.As<Napi::Object>().Get(name).IsUndefined(); }
  bool isObject() const { return value_.IsObject(); }
  bool isNumber() const { return value_.IsNumber(); }
  std::string shown() const { return value_.ToString().Utf8Value(); }

  double number() const {
    if (!value_.IsNumber()) fail("is not a number");
    return value_.As<Napi::Number>().DoubleValue();
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
    if (!value_.IsArray()) fail("is not an array");
    const auto array = value_.As<Napi::Array>();
    std::vector<decltype(read(*this))> items(array.Length());
    for (std::uint32_t i = 0; i < array.Length(); ++i) {
      const Napi::HandleScope scope(array.Env());
      items[i] = read(Node(array.Get(i), this, "[" + std::to_string(i) + "]"));
    }
    return items;
  }
  std::vector<std::size_t> naturals() const {
    return list([](const Node& n) { return n.natural(); });
  }
  std::vector<std::int64_t> integers() const {
    return list([](const Node& n) { return n.integer(); });
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
  Napi::Value value_;
  const Node* parent_;
  std::string key_;
};

}  // namespace pathex::addon
