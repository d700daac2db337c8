#pragma once

#include "cuda/api/cudnn.h"

/// What only the questions about fusions use of cuDNN's interface.
namespace pathex::cuda::cudnn {

enum ReductionOperator : int { CUDNN_REDUCE_TENSOR_ADD = 0 };
constexpr DescriptorType CUDNN_BACKEND_REDUCTION_DESCRIPTOR{21}, CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR{22};

constexpr AttributeType CUDNN_TYPE_REDUCTION_OPERATOR_TYPE{18};
template <>
inline constexpr AttributeType typeOf<ReductionOperator> = CUDNN_TYPE_REDUCTION_OPERATOR_TYPE;

// clang-format off
inline constexpr Attribute<ReductionOperator> reductionOperator{"CUDNN_ATTR_REDUCTION_OPERATOR", 1600};
inline constexpr Attribute<DataType> reductionType{"CUDNN_ATTR_REDUCTION_COMP_TYPE", 1601};
inline constexpr Attribute<bool> reductionIsDeterministic{"CUDNN_ATTR_REDUCTION_IS_DETERMINISTIC", 1602};
inline constexpr Attribute<Descriptor> reductionX{"CUDNN_ATTR_OPERATION_REDUCTION_XDESC", 1610};
inline constexpr Attribute<Descriptor> reductionY{"CUDNN_ATTR_OPERATION_REDUCTION_YDESC", 1611};
inline constexpr Attribute<Descriptor> reductionDescriptor{"CUDNN_ATTR_OPERATION_REDUCTION_DESC", 1612};
// clang-format on

}  // namespace pathex::cuda::cudnn
