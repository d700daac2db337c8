// A cuDNN that works on the host's memory, on the stream of the driver beside it: descriptors, two engines for every
// operation graph, and the meaning of convolutions, pointwise operations and sums in plain loops. Written after NVIDIA's
// documentation, with no code of pathex but the names. All outputs are NaN before anything is read, as if an operation
// wrote before it reads: who lets them overlap sees it.
//
//   FAKE_CUDNN_FUSED   microseconds that a graph of more than one operation takes
//   FAKE_CUDNN_CONV    microseconds that a single one takes
//   FAKE_CUDNN_REFUSE  graphs of more than one operation: "list" lists none, "build" builds none
#include <dlfcn.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cuda/api/cudnn.h"

using namespace pathex::cuda::cudnn;

namespace {

constexpr StatusCode badParameter{2000}, notSupported{3000};

struct Node;
using Ref = std::shared_ptr<Node>;
/// A descriptor: attributes as bytes, and those that refer to others.
struct Node {
  int type = 0;
  bool isFinal = false;
  std::map<int, std::vector<unsigned char>> bytes;
  std::map<int, std::vector<Ref>> refs;

  template <class T>
  std::vector<T> all(const Attribute<T>& a) const {
    const auto found = bytes.find(a.value);
    if (found == bytes.end()) return {};
    std::vector<T> values(found->second.size() / sizeof(T));
    if (!values.empty()) std::memcpy(values.data(), found->second.data(), found->second.size());
    return values;
  }
  template <class T>
  T one(const Attribute<T>& a) const {
    return all(a).at(0);
  }
  bool flag(const Attribute<bool>& a) const {
    const auto found = bytes.find(a.value);
    return found != bytes.end() && found->second.at(0) != 0;
  }
  const Ref& ref(const Attribute<Descriptor>& a) const { return refs.at(a.value).at(0); }
  bool has(const Attribute<Descriptor>& a) const { return refs.count(a.value) > 0; }
};
struct Raw {
  Ref node;
};

std::string lastError;
StatusCode refuse(StatusCode code, const char* why) {
  lastError = why;
  return code;
}

std::size_t sizeOf(AttributeType type) {
  switch (type) {
    case CUDNN_TYPE_HANDLE:
    case CUDNN_TYPE_INT64:
    case CUDNN_TYPE_VOID_PTR:
      return 8;
    case CUDNN_TYPE_BOOLEAN:
    case CUDNN_TYPE_CHAR:
      return 1;
    default:
      return 4;
  }
}

std::string setting(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

template <class F>
F driver(const char* name) {
  static void* const library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
  return reinterpret_cast<F>(dlsym(library, name));
}

using Shape = std::vector<std::int64_t>;

/// A tensor's elements in the order of its dimensions, n c h w.
struct Values {
  Shape dims;
  std::vector<double> data;
  double at(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) const {
    const auto in = [&](std::size_t axis, std::int64_t i) { return dims[axis] == 1 ? 0 : i; };
    return data[static_cast<std::size_t>(((in(0, n) * dims[1] + in(1, c)) * dims[2] + in(2, h)) * dims[3] + in(3, w))];
  }
};
template <class Visit>
void each(const Shape& d, const Visit& visit) {
  for (std::int64_t n = 0; n < d[0]; ++n)
    for (std::int64_t c = 0; c < d[1]; ++c)
      for (std::int64_t h = 0; h < d[2]; ++h)
        for (std::int64_t w = 0; w < d[3]; ++w) visit(n, c, h, w);
}

float fromBf16(std::uint16_t bits) {
  const std::uint32_t wide = static_cast<std::uint32_t>(bits) << 16;
  float x;
  std::memcpy(&x, &wide, 4);
  return x;
}
std::uint16_t toBf16(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, 4);
  if (x != x) return 0x7fc0;
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// One run of an operation graph on the addresses of a variant pack.
class Run {
 public:
  Run(const std::vector<Ref>& operations, std::map<std::int64_t, void*> places, std::map<std::int64_t, float> given)
      : operations_(operations), places_(std::move(places)), given_(std::move(given)) {}

  void go() {
    for (const Ref& o : operations_) {
      const Ref& out = o->ref(outputOf(*o));
      if (out->flag(tensorIsVirtual)) continue;
      each(out->all(tensorDimensions), [&](auto... i) { store(*out, std::numeric_limits<double>::quiet_NaN(), i...); });
    }
    for (const Ref& o : operations_) {
      const Ref& out = o->ref(outputOf(*o));
      Values made = o->type == CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR   ? pointwise(*o)
                    : o->type == CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR ? sum(*o)
                                                                              : convolution(*o);
      if (!out->flag(tensorIsVirtual)) {
        std::size_t at = 0;
        each(made.dims, [&](auto... i) { store(*out, made.data[at++], i...); });
        made = load(*out);
      }
      values_[out.get()] = std::move(made);
    }
  }

 private:
  static const Attribute<Descriptor>& outputOf(const Node& o) {
    switch (o.type) {
      case CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR:
        return forwardY;
      case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR:
        return dataDx;
      case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR:
        return filterDw;
      case CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR:
        return reductionY;
      default:
        return pointwiseY;
    }
  }

  std::size_t offset(const Node& t, std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) const {
    const auto s = t.all(tensorStrides);
    return static_cast<std::size_t>(n * s[0] + c * s[1] + h * s[2] + w * s[3]);
  }
  void store(const Node& t, double value, std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
    void* const place = places_.at(t.one(tensorId));
    const std::size_t i = offset(t, n, c, h, w);
    if (t.one(tensorType) == CUDNN_DATA_BFLOAT16)
      static_cast<std::uint16_t*>(place)[i] = toBf16(static_cast<float>(value));
    else
      static_cast<float*>(place)[i] = static_cast<float>(value);
  }
  Values load(const Node& t) const {
    Values v{t.all(tensorDimensions), {}};
    if (t.flag(tensorIsByValue)) {
      v.data.push_back(given_.at(t.one(tensorId)));
      return v;
    }
    const void* const place = places_.at(t.one(tensorId));
    const bool isNarrow = t.one(tensorType) == CUDNN_DATA_BFLOAT16;
    each(v.dims, [&](auto... i) {
      const std::size_t at = offset(t, i...);
      v.data.push_back(isNarrow ? fromBf16(static_cast<const std::uint16_t*>(place)[at])
                                : static_cast<const float*>(place)[at]);
    });
    return v;
  }
  /// What an operation reads: an earlier one's result, or memory.
  const Values& read(const Ref& tensor) {
    const auto known = values_.find(tensor.get());
    return known != values_.end() ? known->second : values_[tensor.get()] = load(*tensor);
  }

  Values convolution(const Node& o) {
    const bool isForward = o.type == CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR;
    const bool isData = o.type == CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR;
    const Ref &x = o.ref(isForward ? forwardX
                         : isData  ? dataDx
                                   : filterX),
              &w = o.ref(isForward ? forwardW
                         : isData  ? dataW
                                   : filterDw),
              &y = o.ref(isForward ? forwardY
                         : isData  ? dataDy
                                   : filterDy);
    const Node& how = *o.ref(isForward ? forwardConvolution : isData ? dataConvolution : filterConvolution);
    const auto stride = how.all(convolutionStrides), dilation = how.all(convolutionDilations),
               before = how.all(convolutionPaddingBefore);
    const auto xd = x->all(tensorDimensions), wd = w->all(tensorDimensions), yd = y->all(tensorDimensions);
    const Values *xs = isData ? nullptr : &read(x), *ws = isForward || isData ? &read(w) : nullptr,
                 *ys = isForward ? nullptr : &read(y);
    Values made{isForward ? yd : isData ? xd : wd, {}};
    made.data.resize(static_cast<std::size_t>(made.dims[0] * made.dims[1] * made.dims[2] * made.dims[3]));
    const auto& d = made.dims;
    const auto add = [&](std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t e, double value) {
      made.data[static_cast<std::size_t>(((a * d[1] + b) * d[2] + c) * d[3] + e)] += value;
    };
    each(yd, [&](std::int64_t n, std::int64_t f, std::int64_t p, std::int64_t q) {
      each({1, wd[1], wd[2], wd[3]}, [&](std::int64_t, std::int64_t c, std::int64_t i, std::int64_t j) {
        const std::int64_t h = p * stride[0] - before[0] + i * dilation[0],
                           l = q * stride[1] - before[1] + j * dilation[1];
        if (h < 0 || h >= xd[2] || l < 0 || l >= xd[3]) return;
        if (isForward)
          add(n, f, p, q, xs->at(n, c, h, l) * ws->at(f, c, i, j));
        else if (isData)
          add(n, c, h, l, ys->at(n, f, p, q) * ws->at(f, c, i, j));
        else
          add(f, c, i, j, xs->at(n, c, h, l) * ys->at(n, f, p, q));
      });
    });
    for (double& value : made.data) value = static_cast<float>(value);
    return made;
  }

  Values sum(const Node& o) {
    const Values& x = read(o.ref(reductionX));
    Values made{o.ref(reductionY)->all(tensorDimensions), {}};
    const auto& d = made.dims;
    made.data.resize(static_cast<std::size_t>(d[0] * d[1] * d[2] * d[3]));
    each(x.dims, [&](auto... i) {
      std::size_t to = 0, axis = 0;
      ((to = to * static_cast<std::size_t>(d[axis]) + static_cast<std::size_t>(d[axis] == 1 ? 0 : i), ++axis), ...);
      made.data[to] += x.at(i...);
    });
    for (double& value : made.data) value = static_cast<float>(value);
    return made;
  }

  Values pointwise(const Node& o) {
    const PointwiseMode mode = o.ref(pointwiseDescriptor)->one(pointwiseMode);
    const Values& x = read(o.ref(pointwiseX));
    const Values* const b = o.has(pointwiseB) ? &read(o.ref(pointwiseB)) : nullptr;
    const Values* const t = o.has(pointwiseT) ? &read(o.ref(pointwiseT)) : nullptr;
    Values made{o.ref(pointwiseY)->all(tensorDimensions), {}};
    each(made.dims, [&](auto... i) {
      const auto of = [&](const Values* v) { return v == nullptr ? 0.0f : static_cast<float>(v->at(i...)); };
      made.data.push_back(apply(mode, of(&x), of(b), of(t)));
    });
    return made;
  }
  static float apply(PointwiseMode mode, float x, float b, float t) {
    switch (mode) {
      case CUDNN_POINTWISE_ADD:
        return x + b;
      case CUDNN_POINTWISE_MUL:
        return x * b;
      case CUDNN_POINTWISE_SQRT:
        return std::sqrt(x);
      case CUDNN_POINTWISE_DIV:
        return x / b;
      case CUDNN_POINTWISE_SUB:
        return x - b;
      case CUDNN_POINTWISE_ABS:
        return std::abs(x);
      case CUDNN_POINTWISE_EXP:
        return std::exp(x);
      case CUDNN_POINTWISE_LOG:
        return std::log(x);
      case CUDNN_POINTWISE_NEG:
        return -x;
      case CUDNN_POINTWISE_RSQRT:
        return 1 / std::sqrt(x);
      case CUDNN_POINTWISE_IDENTITY:
        return x;
      case CUDNN_POINTWISE_CMP_EQ:
        return x == b;
      case CUDNN_POINTWISE_CMP_NEQ:
        return x != b;
      case CUDNN_POINTWISE_CMP_GT:
        return x > b;
      case CUDNN_POINTWISE_CMP_LE:
        return x <= b;
      case CUDNN_POINTWISE_BINARY_SELECT:
        return t != 0 ? x : b;
    }
    return std::numeric_limits<float>::quiet_NaN();
  }

  std::vector<Ref> operations_;
  std::map<std::int64_t, void*> places_;
  std::map<std::int64_t, float> given_;
  std::map<const Node*, Values> values_;
};

const std::vector<Ref>& operationsOf(const Node& graph) {
  return graph.refs.at(graphOperations.value);
}
bool isRefused(const Node& graph, const char* how) {
  return operationsOf(graph).size() > 1 && setting("FAKE_CUDNN_REFUSE") == how;
}

void put(Node& node, int attribute, const void* from, std::size_t bytes) {
  const auto* const begin = static_cast<const unsigned char*>(from);
  node.bytes[attribute].assign(begin, begin + bytes);
}
void putNumber(Node& node, const Attribute<std::int64_t>& attribute, std::int64_t value) {
  put(node, attribute.value, &value, sizeof value);
}

/// The two configurations of a graph: engines 0 and 1, the latter with a workspace.
void makeConfig(Node& config, const Ref& graph, std::int64_t number) {
  auto engine = std::make_shared<Node>();
  engine->type = CUDNN_BACKEND_ENGINE_DESCRIPTOR;
  engine->isFinal = true;
  engine->refs[engineGraph.value] = {graph};
  putNumber(*engine, engineIndex, number);
  config.isFinal = true;
  config.refs[configEngine.value] = {engine};
  putNumber(config, configWorkspace, number * 256);
}

void wait(const std::vector<Ref>& operations) {
  const std::string time = setting(operations.size() > 1 ? "FAKE_CUDNN_FUSED" : "FAKE_CUDNN_CONV");
  if (!time.empty()) std::this_thread::sleep_for(std::chrono::microseconds(std::stol(time)));
}

}  // namespace

extern "C" {

std::size_t cudnnGetVersion() {
  return 91100;
}
const char* cudnnGetErrorString(StatusCode code) {
  return code == CUDNN_STATUS_SUCCESS ? "CUDNN_STATUS_SUCCESS"
         : code == notSupported       ? "CUDNN_STATUS_NOT_SUPPORTED"
                                      : "CUDNN_STATUS_BAD_PARAM";
}
void cudnnGetLastErrorString(char* message, std::size_t size) {
  std::strncpy(message, lastError.c_str(), size - 1);
}
StatusCode cudnnCreate(Handle* handle) {
  *handle = reinterpret_cast<Handle>(new CUstream(nullptr));
  return CUDNN_STATUS_SUCCESS;
}
StatusCode cudnnDestroy(Handle handle) {
  delete reinterpret_cast<CUstream*>(handle);
  return CUDNN_STATUS_SUCCESS;
}
StatusCode cudnnSetStream(Handle handle, CUstream stream) {
  *reinterpret_cast<CUstream*>(handle) = stream;
  return CUDNN_STATUS_SUCCESS;
}

StatusCode cudnnBackendCreateDescriptor(DescriptorType type, RawDescriptor* made) {
  auto node = std::make_shared<Node>();
  node->type = type;
  *made = new Raw{std::move(node)};
  return CUDNN_STATUS_SUCCESS;
}
StatusCode cudnnBackendDestroyDescriptor(RawDescriptor raw) {
  delete static_cast<Raw*>(raw);
  return CUDNN_STATUS_SUCCESS;
}

StatusCode cudnnBackendSetAttribute(RawDescriptor raw, int name, AttributeType type, std::int64_t count,
                                    const void* values) {
  Node& node = *static_cast<Raw*>(raw)->node;
  if (node.isFinal) return refuse(badParameter, "the descriptor is finalized");
  if (type != CUDNN_TYPE_BACKEND_DESCRIPTOR) {
    put(node, name, values, static_cast<std::size_t>(count) * sizeOf(type));
    return CUDNN_STATUS_SUCCESS;
  }
  node.refs[name].clear();
  for (std::int64_t i = 0; i < count; ++i) {
    const auto* const other = static_cast<const Raw*>(static_cast<RawDescriptor const*>(values)[i]);
    if (other == nullptr || !other->node->isFinal) return refuse(badParameter, "what is referred to is not finalized");
    node.refs[name].push_back(other->node);
  }
  return CUDNN_STATUS_SUCCESS;
}

StatusCode cudnnBackendFinalize(RawDescriptor raw) {
  Node& node = *static_cast<Raw*>(raw)->node;
  node.isFinal = true;
  if (node.type == CUDNN_BACKEND_ENGINECFG_DESCRIPTOR) {
    const std::int64_t number = node.ref(configEngine)->one(engineIndex);
    if (number > 1) return refuse(notSupported, "no such engine");
    putNumber(node, configWorkspace, number * 256);
  }
  if (node.type == CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR) {
    const Node& config = *node.ref(planConfig);
    if (isRefused(*config.ref(configEngine)->ref(engineGraph), "build"))
      return refuse(notSupported, "this graph is not built");
    putNumber(node, planWorkspace, config.one(configWorkspace));
  }
  return CUDNN_STATUS_SUCCESS;
}

StatusCode cudnnBackendGetAttribute(RawDescriptor raw, int name, AttributeType type, std::int64_t room,
                                    std::int64_t* count, void* values) {
  Node& node = *static_cast<Raw*>(raw)->node;
  if (!node.isFinal) return refuse(badParameter, "the descriptor is not finalized");
  if (type != CUDNN_TYPE_BACKEND_DESCRIPTOR) {
    const auto& bytes = node.bytes[name];
    *count = static_cast<std::int64_t>(bytes.size() / sizeOf(type));
    if (room > 0)
      std::memcpy(values, bytes.data(), std::min(bytes.size(), static_cast<std::size_t>(room) * sizeOf(type)));
    return CUDNN_STATUS_SUCCESS;
  }
  if (node.type == CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR && name == heuristicResults.value) {
    const Ref& graph = node.ref(heuristicGraph);
    const bool isEmpty = node.one(heuristicMode) == CUDNN_HEUR_MODE_FALLBACK || isRefused(*graph, "list");
    *count = isEmpty ? 0 : 2;
    for (std::int64_t i = 0; i < std::min(room, *count); ++i) {
      makeConfig(*static_cast<Raw*>(static_cast<RawDescriptor*>(values)[i])->node, graph, i);
    }
    return CUDNN_STATUS_SUCCESS;
  }
  const auto& found = node.refs[name];
  *count = static_cast<std::int64_t>(found.size());
  for (std::size_t i = 0; i < found.size() && static_cast<std::int64_t>(i) < room; ++i) {
    static_cast<Raw*>(static_cast<RawDescriptor*>(values)[i])->node = found[i];
  }
  return CUDNN_STATUS_SUCCESS;
}

StatusCode cudnnBackendExecute(Handle handle, RawDescriptor plan, RawDescriptor pack) {
  const Node &built = *static_cast<Raw*>(plan)->node, &variant = *static_cast<Raw*>(pack)->node;
  const std::vector<Ref> operations = operationsOf(*built.ref(planConfig)->ref(configEngine)->ref(engineGraph));
  const auto ids = variant.all(packIds);
  const auto pointers = variant.all(packPointers);
  if (built.one(planWorkspace) > 0 && variant.one(packWorkspace) == nullptr)
    return refuse(badParameter, "there is no workspace");
  std::map<std::int64_t, void*> places;
  for (std::size_t i = 0; i < ids.size(); ++i) places[ids[i]] = pointers.at(i);
  // What is passed by value is read now, not when the stream gets there.
  std::map<std::int64_t, float> given;
  for (const Ref& o : operations) {
    for (const auto& [name, refs] : o->refs) {
      for (const Ref& tensor : refs) {
        if (tensor->type != CUDNN_BACKEND_TENSOR_DESCRIPTOR || tensor->flag(tensorIsVirtual)) continue;
        const std::int64_t id = tensor->one(tensorId);
        if (places.count(id) == 0) return refuse(badParameter, "a tensor has no address");
        if (tensor->flag(tensorIsByValue)) given[id] = *static_cast<const float*>(places[id]);
      }
    }
  }
  driver<void (*)(const char*)>("fake_note")(operations.size() > 1 ? "cudnn fused" : "cudnn");
  const auto add = driver<void (*)(CUstream, const std::function<void()>&)>("fake_stream_add");
  add(*reinterpret_cast<CUstream*>(handle), [=] {
    wait(operations);
    Run(operations, places, given).go();
  });
  return CUDNN_STATUS_SUCCESS;
}

}  // extern "C"
