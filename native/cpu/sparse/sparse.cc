#include "cpu/sparse/sparse.h"

#include "cpu/kernels.h"

namespace pathex::cpu {

namespace sparse {

std::vector<Place> placesOf(const core::Plan& plan, const core::CallStep& step, const Attributes& a) {
  std::vector<Place> places;
  for (const double number : plan.buffers[step.inputs[2]].place.data) {
    const auto at = static_cast<std::int64_t>(number);
    places.push_back({at / (a.c * a.kw * a.kh), at / (a.c * a.kw) % a.kh, at / a.c % a.kw, at % a.c});
  }
  return places;
}

}  // namespace sparse

Made makeSparseConv(const onednn::Context&, const core::Plan& plan, const core::CallStep& step) {
  const auto& a = std::get<core::SparseConvAttributes>(step.attributes);
  std::vector<sparse::Place> places = sparse::placesOf(plan, step, a);
  if (step.kernel == core::Call::sparseConv2d) return sparse::makePortableForward(step, a, std::move(places));
  if (step.kernel == core::Call::sparseConv2dInputGrad) {
    return sparse::makePortableInputGrad(step, a, std::move(places));
  }
  return sparse::makePortableWeightGrad(step, a, std::move(places));
}

}  // namespace pathex::cpu
