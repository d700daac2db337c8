#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <string>

/// The one place that knows how primitive descriptors are made in oneDNN 2 (operation descriptors) and 3 (none).
namespace pathex::cpu::onednn {

using dnnl::memory;

struct ConvGeometry {
  memory::dims strides, dilates, paddingLow, paddingHigh;
};

inline dnnl::primitive_attr userScratchpad() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

#if DNNL_VERSION_MAJOR >= 3

inline dnnl::convolution_forward::primitive_desc convForward(const dnnl::engine& e, const memory::desc& x,
                                                             const memory::desc& w, const memory::desc& y,
                                                             const ConvGeometry& g) {
  return {e,
          dnnl::prop_kind::forward_training,
          dnnl::algorithm::convolution_direct,
          x,
          w,
          y,
          g.strides,
          g.dilates,
          g.paddingLow,
          g.paddingHigh,
          userScratchpad()};
}

inline dnnl::convolution_backward_data::primitive_desc convInputGrad(
    const dnnl::engine& e, const memory::desc& dx, const memory::desc& w, const memory::desc& dy, const ConvGeometry& g,
    const dnnl::convolution_forward::primitive_desc& hint) {
  return {e,
          dnnl::algorithm::convolution_direct,
          dx,
          w,
          dy,
          g.strides,
          g.dilates,
          g.paddingLow,
          g.paddingHigh,
          hint,
          userScratchpad()};
}

inline dnnl::convolution_backward_weights::primitive_desc convWeightGrad(
    const dnnl::engine& e, const memory::desc& x, const memory::desc& dw, const memory::desc& dy, const ConvGeometry& g,
    const dnnl::convolution_forward::primitive_desc& hint) {
  return {e,
          dnnl::algorithm::convolution_direct,
          x,
          dw,
          dy,
          g.strides,
          g.dilates,
          g.paddingLow,
          g.paddingHigh,
          hint,
          userScratchpad()};
}

inline dnnl::matmul::primitive_desc matmul(const dnnl::engine& e, const memory::desc& a, const memory::desc& b,
                                           const memory::desc& y) {
  return {e, a, b, y, userScratchpad()};
}

#else

inline dnnl::convolution_forward::primitive_desc convForward(const dnnl::engine& e, const memory::desc& x,
                                                             const memory::desc& w, const memory::desc& y,
                                                             const ConvGeometry& g) {
  return {{dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, x, w, y, g.strides, g.dilates,
           g.paddingLow, g.paddingHigh},
          userScratchpad(),
          e};
}

inline dnnl::convolution_backward_data::primitive_desc convInputGrad(
    const dnnl::engine& e, const memory::desc& dx, const memory::desc& w, const memory::desc& dy, const ConvGeometry& g,
    const dnnl::convolution_forward::primitive_desc& hint) {
  return {{dnnl::algorithm::convolution_direct, dx, w, dy, g.strides, g.dilates, g.paddingLow, g.paddingHigh},
          userScratchpad(),
          e,
          hint};
}

inline dnnl::convolution_backward_weights::primitive_desc convWeightGrad(
    const dnnl::engine& e, const memory::desc& x, const memory::desc& dw, const memory::desc& dy, const ConvGeometry& g,
    const dnnl::convolution_forward::primitive_desc& hint) {
  return {{dnnl::algorithm::convolution_direct, x, dw, dy, g.strides, g.dilates, g.paddingLow, g.paddingHigh},
          userScratchpad(),
          e,
          hint};
}

inline dnnl::matmul::primitive_desc matmul(const dnnl::engine& e, const memory::desc& a, const memory::desc& b,
                                           const memory::desc& y) {
  return {{a, b, y}, userScratchpad(), e};
}

#endif

inline std::string version() {
  const dnnl_version_t* v = dnnl_version();
  return std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
}

std::string isa();
std::string nameOf(dnnl_status_t);

}  // namespace pathex::cpu::onednn
