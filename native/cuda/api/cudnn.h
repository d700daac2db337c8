#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/kernel.h"

/// What is used of the C interface of cuDNN 9, under NVIDIA's names. test/cuda compares every value with NVIDIA's own
/// header where that can be had.
namespace pathex::cuda::cudnn {

using Handle = struct cudnnContext*;
using RawDescriptor = void*;

enum StatusCode : int { CUDNN_STATUS_SUCCESS = 0 };

enum DataType : int { CUDNN_DATA_FLOAT = 0, CUDNN_DATA_BFLOAT16 = 9, CUDNN_DATA_BOOLEAN = 11 };
enum PointwiseMode : int {
  CUDNN_POINTWISE_ADD = 0,
  CUDNN_POINTWISE_MUL = 1,
  CUDNN_POINTWISE_SQRT = 4,
  CUDNN_POINTWISE_DIV = 6,
  CUDNN_POINTWISE_SUB = 9,
  CUDNN_POINTWISE_ABS = 10,
  CUDNN_POINTWISE_EXP = 13,
  CUDNN_POINTWISE_LOG = 15,
  CUDNN_POINTWISE_NEG = 16,
  CUDNN_POINTWISE_RSQRT = 17,
  CUDNN_POINTWISE_IDENTITY = 21,
  CUDNN_POINTWISE_CMP_EQ = 300,
  CUDNN_POINTWISE_CMP_NEQ = 301,
  CUDNN_POINTWISE_CMP_GT = 302,
  CUDNN_POINTWISE_CMP_LE = 305,
  CUDNN_POINTWISE_BINARY_SELECT = 601,
};
enum ReductionOperator : int { CUDNN_REDUCE_TENSOR_ADD = 0 };
enum ConvolutionMode : int { CUDNN_CROSS_CORRELATION = 1 };
enum HeuristicMode : int { CUDNN_HEUR_MODE_FALLBACK = 2, CUDNN_HEUR_MODE_A = 3 };
enum BehaviourNote : int { CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION = 0 };
enum NumericalNote : int {
  CUDNN_NUMERICAL_NOTE_TENSOR_CORE = 0,
  CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS = 1,
  CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION = 2,
  CUDNN_NUMERICAL_NOTE_FFT = 3,
  CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC = 4,
  CUDNN_NUMERICAL_NOTE_WINOGRAD = 5,
};
/// A knob is read from the library and handed back: none is known by name here.
enum KnobType : int {};

enum DescriptorType : int {
  CUDNN_BACKEND_POINTWISE_DESCRIPTOR = 0,
  CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR = 1,
  CUDNN_BACKEND_ENGINE_DESCRIPTOR = 2,
  CUDNN_BACKEND_ENGINECFG_DESCRIPTOR = 3,
  CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR = 4,
  CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR = 5,
  CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR = 7,
  CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR = 10,
  CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR = 11,
  CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR = 12,
  CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR = 13,
  CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR = 15,
  CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR = 16,
  CUDNN_BACKEND_TENSOR_DESCRIPTOR = 17,
  CUDNN_BACKEND_REDUCTION_DESCRIPTOR = 21,
  CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR = 22,
  CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR = 38,
};

enum AttributeType : int {
  CUDNN_TYPE_HANDLE = 0,
  CUDNN_TYPE_DATA_TYPE = 1,
  CUDNN_TYPE_BOOLEAN = 2,
  CUDNN_TYPE_INT64 = 3,
  CUDNN_TYPE_FLOAT = 4,
  CUDNN_TYPE_VOID_PTR = 6,
  CUDNN_TYPE_CONVOLUTION_MODE = 7,
  CUDNN_TYPE_HEUR_MODE = 8,
  CUDNN_TYPE_KNOB_TYPE = 9,
  CUDNN_TYPE_NUMERICAL_NOTE = 11,
  CUDNN_TYPE_POINTWISE_MODE = 14,
  CUDNN_TYPE_BACKEND_DESCRIPTOR = 15,
  CUDNN_TYPE_REDUCTION_OPERATOR_TYPE = 18,
  CUDNN_TYPE_BEHAVIOR_NOTE = 19,
  CUDNN_TYPE_INT32 = 23,
  CUDNN_TYPE_CHAR = 24,
};

/// The tag of a C++ type in the attribute calls.
template <class T>
inline constexpr AttributeType typeOf = T::hasNoTag;
template <>
inline constexpr AttributeType typeOf<Handle> = CUDNN_TYPE_HANDLE;
template <>
inline constexpr AttributeType typeOf<DataType> = CUDNN_TYPE_DATA_TYPE;
template <>
inline constexpr AttributeType typeOf<bool> = CUDNN_TYPE_BOOLEAN;
template <>
inline constexpr AttributeType typeOf<std::int64_t> = CUDNN_TYPE_INT64;
template <>
inline constexpr AttributeType typeOf<float> = CUDNN_TYPE_FLOAT;
template <>
inline constexpr AttributeType typeOf<void*> = CUDNN_TYPE_VOID_PTR;
template <>
inline constexpr AttributeType typeOf<ConvolutionMode> = CUDNN_TYPE_CONVOLUTION_MODE;
template <>
inline constexpr AttributeType typeOf<HeuristicMode> = CUDNN_TYPE_HEUR_MODE;
template <>
inline constexpr AttributeType typeOf<KnobType> = CUDNN_TYPE_KNOB_TYPE;
template <>
inline constexpr AttributeType typeOf<NumericalNote> = CUDNN_TYPE_NUMERICAL_NOTE;
template <>
inline constexpr AttributeType typeOf<BehaviourNote> = CUDNN_TYPE_BEHAVIOR_NOTE;
template <>
inline constexpr AttributeType typeOf<PointwiseMode> = CUDNN_TYPE_POINTWISE_MODE;
template <>
inline constexpr AttributeType typeOf<ReductionOperator> = CUDNN_TYPE_REDUCTION_OPERATOR_TYPE;
template <>
inline constexpr AttributeType typeOf<std::int32_t> = CUDNN_TYPE_INT32;
template <>
inline constexpr AttributeType typeOf<char> = CUDNN_TYPE_CHAR;

/// An attribute whose elements are of type T; T = Descriptor for those that refer to another descriptor.
template <class T>
struct Attribute {
  const char* name;
  int value;
};
class Descriptor;

// clang-format off
inline constexpr Attribute<PointwiseMode> pointwiseMode{"CUDNN_ATTR_POINTWISE_MODE", 0};
inline constexpr Attribute<DataType> pointwiseType{"CUDNN_ATTR_POINTWISE_MATH_PREC", 1};

inline constexpr Attribute<DataType> convolutionType{"CUDNN_ATTR_CONVOLUTION_COMP_TYPE", 100};
inline constexpr Attribute<ConvolutionMode> convolutionMode{"CUDNN_ATTR_CONVOLUTION_CONV_MODE", 101};
inline constexpr Attribute<std::int64_t> convolutionDilations{"CUDNN_ATTR_CONVOLUTION_DILATIONS", 102};
inline constexpr Attribute<std::int64_t> convolutionStrides{"CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES", 103};
inline constexpr Attribute<std::int64_t> convolutionPaddingAfter{"CUDNN_ATTR_CONVOLUTION_POST_PADDINGS", 104};
inline constexpr Attribute<std::int64_t> convolutionPaddingBefore{"CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS", 105};
inline constexpr Attribute<std::int64_t> convolutionAxes{"CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS", 106};

inline constexpr Attribute<HeuristicMode> heuristicMode{"CUDNN_ATTR_ENGINEHEUR_MODE", 200};
inline constexpr Attribute<Descriptor> heuristicGraph{"CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH", 201};
inline constexpr Attribute<Descriptor> heuristicResults{"CUDNN_ATTR_ENGINEHEUR_RESULTS", 202};
inline constexpr Attribute<Descriptor> heuristicDevice{"CUDNN_ATTR_ENGINEHEUR_DEVICEPROP", 204};

inline constexpr Attribute<Descriptor> configEngine{"CUDNN_ATTR_ENGINECFG_ENGINE", 300};
inline constexpr Attribute<Descriptor> configKnobs{"CUDNN_ATTR_ENGINECFG_KNOB_CHOICES", 302};
inline constexpr Attribute<std::int64_t> configWorkspace{"CUDNN_ATTR_ENGINECFG_WORKSPACE_SIZE", 303};

inline constexpr Attribute<Handle> planHandle{"CUDNN_ATTR_EXECUTION_PLAN_HANDLE", 400};
inline constexpr Attribute<Descriptor> planConfig{"CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG", 401};
inline constexpr Attribute<std::int64_t> planWorkspace{"CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE", 402};
inline constexpr Attribute<Descriptor> planDevice{"CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP", 407};

inline constexpr Attribute<KnobType> knobType{"CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE", 600};
inline constexpr Attribute<std::int64_t> knobValue{"CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE", 601};

inline constexpr Attribute<float> forwardAlpha{"CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA", 700};
inline constexpr Attribute<float> forwardBeta{"CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA", 701};
inline constexpr Attribute<Descriptor> forwardConvolution{"CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC", 702};
inline constexpr Attribute<Descriptor> forwardW{"CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W", 703};
inline constexpr Attribute<Descriptor> forwardX{"CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X", 704};
inline constexpr Attribute<Descriptor> forwardY{"CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y", 705};
inline constexpr Attribute<float> dataAlpha{"CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA", 706};
inline constexpr Attribute<float> dataBeta{"CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA", 707};
inline constexpr Attribute<Descriptor> dataConvolution{"CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC", 708};
inline constexpr Attribute<Descriptor> dataW{"CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W", 709};
inline constexpr Attribute<Descriptor> dataDx{"CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX", 710};
inline constexpr Attribute<Descriptor> dataDy{"CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY", 711};
inline constexpr Attribute<float> filterAlpha{"CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA", 712};
inline constexpr Attribute<float> filterBeta{"CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA", 713};
inline constexpr Attribute<Descriptor> filterConvolution{"CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC", 714};
inline constexpr Attribute<Descriptor> filterDw{"CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW", 715};
inline constexpr Attribute<Descriptor> filterX{"CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X", 716};
inline constexpr Attribute<Descriptor> filterDy{"CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY", 717};

inline constexpr Attribute<Descriptor> pointwiseDescriptor{"CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR", 750};
inline constexpr Attribute<Descriptor> pointwiseX{"CUDNN_ATTR_OPERATION_POINTWISE_XDESC", 751};
inline constexpr Attribute<Descriptor> pointwiseB{"CUDNN_ATTR_OPERATION_POINTWISE_BDESC", 752};
inline constexpr Attribute<Descriptor> pointwiseY{"CUDNN_ATTR_OPERATION_POINTWISE_YDESC", 753};
inline constexpr Attribute<Descriptor> pointwiseT{"CUDNN_ATTR_OPERATION_POINTWISE_TDESC", 758};

inline constexpr Attribute<Handle> graphHandle{"CUDNN_ATTR_OPERATIONGRAPH_HANDLE", 800};
inline constexpr Attribute<Descriptor> graphOperations{"CUDNN_ATTR_OPERATIONGRAPH_OPS", 801};

inline constexpr Attribute<std::int64_t> tensorAlignment{"CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT", 900};
inline constexpr Attribute<DataType> tensorType{"CUDNN_ATTR_TENSOR_DATA_TYPE", 901};
inline constexpr Attribute<std::int64_t> tensorDimensions{"CUDNN_ATTR_TENSOR_DIMENSIONS", 902};
inline constexpr Attribute<std::int64_t> tensorStrides{"CUDNN_ATTR_TENSOR_STRIDES", 903};
inline constexpr Attribute<std::int64_t> tensorId{"CUDNN_ATTR_TENSOR_UNIQUE_ID", 906};
inline constexpr Attribute<bool> tensorIsVirtual{"CUDNN_ATTR_TENSOR_IS_VIRTUAL", 907};
inline constexpr Attribute<bool> tensorIsByValue{"CUDNN_ATTR_TENSOR_IS_BY_VALUE", 908};

inline constexpr Attribute<std::int64_t> packIds{"CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS", 1000};
inline constexpr Attribute<void*> packPointers{"CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS", 1001};
inline constexpr Attribute<void*> packWorkspace{"CUDNN_ATTR_VARIANT_PACK_WORKSPACE", 1003};

inline constexpr Attribute<Descriptor> engineGraph{"CUDNN_ATTR_ENGINE_OPERATION_GRAPH", 1300};
inline constexpr Attribute<std::int64_t> engineIndex{"CUDNN_ATTR_ENGINE_GLOBAL_INDEX", 1301};
inline constexpr Attribute<NumericalNote> engineNumericalNotes{"CUDNN_ATTR_ENGINE_NUMERICAL_NOTE", 1303};
inline constexpr Attribute<BehaviourNote> engineBehaviourNotes{"CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE", 1305};
inline constexpr Attribute<Descriptor> engineDevice{"CUDNN_ATTR_ENGINE_DEVICEPROP", 1307};

inline constexpr Attribute<ReductionOperator> reductionOperator{"CUDNN_ATTR_REDUCTION_OPERATOR", 1600};
inline constexpr Attribute<DataType> reductionType{"CUDNN_ATTR_REDUCTION_COMP_TYPE", 1601};
inline constexpr Attribute<bool> reductionIsDeterministic{"CUDNN_ATTR_REDUCTION_IS_DETERMINISTIC", 1602};
inline constexpr Attribute<Descriptor> reductionX{"CUDNN_ATTR_OPERATION_REDUCTION_XDESC", 1610};
inline constexpr Attribute<Descriptor> reductionY{"CUDNN_ATTR_OPERATION_REDUCTION_YDESC", 1611};
inline constexpr Attribute<Descriptor> reductionDescriptor{"CUDNN_ATTR_OPERATION_REDUCTION_DESC", 1612};

inline constexpr Attribute<char> deviceJson{"CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION", 2702};
// clang-format on

struct Functions {
  std::size_t (*cudnnGetVersion)();
  const char* (*cudnnGetErrorString)(StatusCode);
  void (*cudnnGetLastErrorString)(char* message, std::size_t size);
  StatusCode (*cudnnCreate)(Handle*);
  StatusCode (*cudnnDestroy)(Handle);
  StatusCode (*cudnnSetStream)(Handle, CUstream);
  StatusCode (*cudnnBackendCreateDescriptor)(DescriptorType, RawDescriptor*);
  StatusCode (*cudnnBackendDestroyDescriptor)(RawDescriptor);
  StatusCode (*cudnnBackendFinalize)(RawDescriptor);
  StatusCode (*cudnnBackendSetAttribute)(RawDescriptor, int name, AttributeType, std::int64_t count, const void*);
  StatusCode (*cudnnBackendGetAttribute)(RawDescriptor, int name, AttributeType, std::int64_t room, std::int64_t* count,
                                         void*);
  StatusCode (*cudnnBackendExecute)(Handle, RawDescriptor plan, RawDescriptor pack);
};

}  // namespace pathex::cuda::cudnn
