#include "addon/typed_arrays.h"

#include "addon/environment.h"

namespace pathex::addon {

namespace {

napi_typedarray_type arrayTypeOf(core::StorageType type) {
  switch (type) {
    case core::StorageType::f32:
      return napi_float32_array;
    case core::StorageType::bf16:  // never bound: checkPlan keeps it in the arena
      return napi_uint16_array;
    case core::StorageType::i32:
      return napi_int32_array;
    case core::StorageType::u8:
      return napi_uint8_array;
  }
  return napi_float32_array;
}

const char* arrayNameOf(core::StorageType type) {
  switch (type) {
    case core::StorageType::f32:
      return "Float32Array";
    case core::StorageType::bf16:
      return "Uint16Array";
    case core::StorageType::i32:
      return "Int32Array";
    case core::StorageType::u8:
      return "Uint8Array";
  }
  return "?";
}

}  // namespace

Bytes bytesOf(const Napi::Value& value, const std::string& where) {
  if (!value.IsTypedArray())
    refuse(value.Env(), where + ": not a typed array; give a Float32Array, Int32Array or Uint8Array");
  const auto array = value.As<Napi::TypedArray>();
  auto buffer = array.ArrayBuffer();
  if (buffer.IsDetached())
    refuse(value.Env(), where + ": the array's memory was transferred away; give one that still has it");
  return {static_cast<std::byte*>(buffer.Data()) + array.ByteOffset(), array.ByteLength()};
}

Bytes elementsOf(const Napi::Value& value, const core::PlanBuffer& buffer, const std::string& where) {
  const Bytes bytes = bytesOf(value, where);
  const auto array = value.As<Napi::TypedArray>();
  if (array.TypedArrayType() != arrayTypeOf(buffer.dtype) || bytes.size != buffer.bytes()) {
    refuse(value.Env(),
           where + ": needs a " + arrayNameOf(buffer.dtype) + " of " + std::to_string(buffer.elements()) + ", got " +
               value.As<Napi::Object>().Get("constructor").As<Napi::Object>().Get("name").ToString().Utf8Value() +
               " of " + std::to_string(array.ElementLength()));
  }
  return bytes;
}

Napi::Array expectList(const Napi::Value& value, std::size_t count, const std::string& where) {
  if (!value.IsArray()) refuse(value.Env(), where + ": not an array; give one item for each slot of the plan");
  const auto list = value.As<Napi::Array>();
  if (list.Length() != count) {
    refuse(value.Env(), where + ": " + std::to_string(list.Length()) + " given, the plan has " + std::to_string(count) +
                            "; give as many");
  }
  return list;
}

}  // namespace pathex::addon
