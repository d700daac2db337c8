#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/status.h"
#include "cuda/api/cudnn.h"

/// cuDNN's backend interface with owned descriptors and statuses that say what failed.
namespace pathex::cuda::cudnn {

/// The opened library.
struct Api {
  Functions call{};
  std::string path;

  /// Opens cuBLASLt and NVRTC before cuDNN, which finds them no other way when they come in wheels. Refuses versions
  /// that lack what is used here.
  static core::Result<std::shared_ptr<const Api>> load();

  std::size_t version() const { return call.cudnnGetVersion(); }
  /// "cuDNN 9.24.0: cudnnCreate: CUDNN_STATUS_...: what the library said last", or ok.
  core::Status check(StatusCode, const std::string& what) const;
};
using ApiRef = std::shared_ptr<const Api>;

class Descriptor {
 public:
  Descriptor() = default;
  static core::Result<Descriptor> create(const ApiRef&, DescriptorType);
  Descriptor(Descriptor&& other) noexcept : api_(std::move(other.api_)), raw_(std::exchange(other.raw_, nullptr)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(api_, other.api_);
    std::swap(raw_, other.raw_);
    return *this;
  }
  ~Descriptor();

  RawDescriptor raw() const { return raw_; }
  explicit operator bool() const { return raw_ != nullptr; }

  /// All elements of an attribute of a finalized descriptor.
  template <class T>
  core::Result<std::vector<T>> get(const Attribute<T>& attribute) const {
    std::int64_t count = 0;
    if (core::Status s = read(attribute.name, attribute.value, typeOf<T>, 0, &count, nullptr); !s.ok()) return s;
    std::vector<T> values(static_cast<std::size_t>(count));
    if (count == 0) return values;
    if (core::Status s = read(attribute.name, attribute.value, typeOf<T>, count, &count, values.data()); !s.ok()) {
      return s;
    }
    values.resize(static_cast<std::size_t>(count));  // the first answer may be an upper bound
    return values;
  }
  /// The same for descriptors, which the caller owns. With `room`, that many are asked for at most: some lists do not
  /// tell their length beforehand.
  core::Result<std::vector<Descriptor>> get(const Attribute<Descriptor>&, DescriptorType, std::int64_t room = 0) const;

 private:
  Descriptor(ApiRef api, RawDescriptor raw) : api_(std::move(api)), raw_(raw) {}
  core::Status read(const char* name, int attribute, AttributeType, std::int64_t room, std::int64_t* count,
                    void* values) const;

  ApiRef api_;
  RawDescriptor raw_ = nullptr;
};

/// Sets attributes in a chain. The first failure sticks, and finalize() reports it. Descriptors that are referred to
/// must live until the execution plan is built that rests on them; the plan itself needs them no more.
class Builder {
 public:
  Builder(const ApiRef&, DescriptorType, std::string what);

  template <class T>
  Builder& set(const Attribute<T>& attribute, std::span<const std::type_identity_t<T>> values) {
    return write(attribute.name, attribute.value, typeOf<T>, values.size(), values.data());
  }
  template <class T>
  Builder& set(const Attribute<T>& attribute, const std::type_identity_t<T>& value)
    requires(!std::is_same_v<T, Descriptor>)
  {
    return write(attribute.name, attribute.value, typeOf<T>, 1, &value);
  }
  Builder& set(const Attribute<Descriptor>& attribute, const Descriptor& value) {
    return set(attribute, std::array{value.raw()});
  }
  Builder& set(const Attribute<Descriptor>&, std::span<const RawDescriptor>);

  core::Result<Descriptor> finalize();

 private:
  Builder& write(const char* name, int attribute, AttributeType, std::size_t count, const void* values);

  ApiRef api_;
  std::string what_;
  Descriptor descriptor_;
  core::Status status_;
};

/// cuDNN on one GPU: a handle, or the description of a GPU that need not be here.
struct Session {
  ApiRef api;
  Handle handle = nullptr;
  Descriptor device;

  /// Takes the CUDA context that is current.
  static core::Result<std::shared_ptr<const Session>> open();
  static core::Result<std::shared_ptr<const Session>> describe(const std::string& json);
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();
};

}  // namespace pathex::cuda::cudnn
