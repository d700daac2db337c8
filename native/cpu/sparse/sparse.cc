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
  const bool isForward = step.kernel == core::Call::sparseConv2d;
  const bool isInputGrad = step.kernel == core::Call::sparseConv2dInputGrad;
  const auto makeTiled = isForward     ? sparse::makeTiledForward
                         : isInputGrad ? sparse::makeTiledInputGrad
                                       : sparse::makeTiledWeightGrad;
  if (auto kernel = makeTiled(step, a, places)) return kernel;
  const auto makePortable = isForward     ? sparse::makePortableForward
                            : isInputGrad ? sparse::makePortableInputGrad
                                          : sparse::makePortableWeightGrad;
  return makePortable(step, a, std::move(places));
}

}  // namespace pathex::cpu
