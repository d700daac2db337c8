#include "cuda/graph_kernel.h"

namespace pathex::cuda {

using core::Status;

GraphKernel::GraphKernel(std::shared_ptr<const cudnn::Session> session, PlanRef plan, const OperationGraph& graph,
                         std::string how)
    : session_(std::move(session)), plan_(std::move(plan)), how_(std::move(how)) {
  for (const auto& [id, buffer] : graph.bound) ids_.push_back(id), buffers_.push_back(buffer);
  for (const auto& [id, value] : graph.values) ids_.push_back(id), values_.push_back(value);
  pointers_.resize(ids_.size() + 1);
  for (std::size_t i = 0; i < values_.size(); ++i) pointers_[buffers_.size() + i] = &values_[i];
}

Status GraphKernel::enqueue(const Bindings& b, CUstream stream) {
  const cudnn::Api& api = *session_->api;
  if (session_->handle == nullptr) return {core::Code::device, "convolution: planned for a described GPU only"};
  for (std::size_t i = 0; i < buffers_.size(); ++i) pointers_[i] = b.at(buffers_[i]);
  pointers_.back() =
      plan_->workspace == 0 ? nullptr : reinterpret_cast<void*>(static_cast<std::uintptr_t>(b.workspace));
  if (Status s = pack(); !s.ok()) return s;
  // The handle of both streams: launches of one handle may run beside each other when its stream is set for each, whereas
  // nothing says that a plan may be executed with another handle than the one that it was built with.
  if (Status s = api.check(api.call.cudnnSetStream(session_->handle, stream), "cudnnSetStream"); !s.ok()) return s;
  return api.check(api.call.cudnnBackendExecute(session_->handle, plan_->plan.raw(), pack_.raw()),
                   "cudnnBackendExecute");
}

Status GraphKernel::pack() {
  if (pack_ && pointers_ == packed_) return {};
  auto made = cudnn::Builder(session_->api, cudnn::CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, "variant pack")
                  .set(cudnn::packIds, ids_)
                  .set(cudnn::packPointers, std::span(pointers_).first(ids_.size()))
                  .set(cudnn::packWorkspace, pointers_.back())
                  .finalize();
  if (!made.ok()) return made.status();
  pack_ = std::move(made.value());
  packed_ = pointers_;
  return {};
}

}  // namespace pathex::cuda
