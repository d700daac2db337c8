#pragma once

#include <concepts>
#include <string>
#include <utility>
#include <variant>

namespace pathex::core {

/// The codes are those of the TypeScript error class; see docs/errors.md.
enum class Code { ok, native, device, plan, data };

/// Success, or what failed in one sentence. The core throws nothing of its own.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == Code::ok; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }
  Status within(const std::string& place) const { return ok() ? Status() : Status(code_, place + ": " + message_); }

 private:
  Code code_ = Code::ok;
  std::string message_;
};

inline Status planError(std::string message) {
  return {Code::plan, std::move(message)};
}

/// A value, or the Status that says why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  template <class U>
  requires std::convertible_to<U&&, T> Result(U&& value) : either_(std::in_place_type<T>, std::forward<U>(value)) {}
  Result(Status status) : either_(std::move(status)) {}

  bool ok() const { return std::holds_alternative<T>(either_); }
  T& value() { return std::get<T>(either_); }
  const Status& status() const { return std::get<Status>(either_); }

 private:
  std::variant<Status, T> either_;
};

}  // namespace pathex::core
