#pragma once

#include <napi.h>

#include <string>

#include "core/plan.h"
#include "core/status.h"

namespace pathex::addon {

/// The bytes of a typed array; throws a DEVICE error that starts with `where` if it is none, or detached.
struct Bytes {
  std::byte* data;
  std::size_t size;
};
Bytes bytesOf(const Napi::Value&, const std::string& where);

/// The same for a slot, which also asks for the array type of its elements and for their number.
Bytes elementsOf(const Napi::Value&, const core::PlanBuffer&, const std::string& where);

/// The items of an array of exactly `count`.
Napi::Array expectList(const Napi::Value&, std::size_t count, const std::string& where);

}  // namespace pathex::addon
