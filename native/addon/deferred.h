#pragma once

#include <napi.h>

namespace pathex::addon {

/// A promise that is settled later. Node-API's C functions, not Napi::Promise::Deferred: that throws where a promise
/// cannot be settled, which is what happens in an environment that is being terminated; then nobody waits for it.
class Deferred {
 public:
  explicit Deferred(Napi::Env env) : env_(env) {
    if (napi_create_promise(env, &deferred_, &promise_) != napi_ok) throw Napi::Error::New(env);
  }
  /// Valid within the call from JavaScript that made it.
  Napi::Value promise() const { return {env_, promise_}; }

  void resolve(napi_value value) const { static_cast<void>(napi_resolve_deferred(env_, deferred_, value)); }
  void reject(napi_value reason) const { static_cast<void>(napi_reject_deferred(env_, deferred_, reason)); }

 private:
  napi_env env_;
  napi_deferred deferred_ = nullptr;
  napi_value promise_ = nullptr;
};

}  // namespace pathex::addon
