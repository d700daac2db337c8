// A cuDNN that lists configurations and then will not say what they are.
#include "ask.h"
#include "cuda/conv_graph.h"
#include "cuda/engines.h"

namespace pathex::test {

namespace {

using namespace cuda::cudnn;

/// The functions are called without anything of ours: what they need stands here.
decltype(Functions::cudnnBackendGetAttribute) answer = nullptr;
int refusals = 0;  // still to come

StatusCode refuse(RawDescriptor of, int name, AttributeType type, std::int64_t room, std::int64_t* count, void* into) {
  if (name == configEngine.value && refusals > 0 && refusals-- > 0) return static_cast<StatusCode>(3000);
  return answer(of, name, type, room, count, into);
}

std::string listedWith(const Session& session, const Descriptor& graph, int refused) {
  refusals = refused;
  auto list = listed(session, graph, CUDNN_HEUR_MODE_A);
  return list.ok() ? std::to_string(list.value().size()) : cell(list.status().message());
}

}  // namespace

bool askUnreadable(const ApiRef& real, const std::string& json, const std::vector<Question>& questions) {
  auto api = std::make_shared<Api>(*real);
  answer = api->call.cudnnBackendGetAttribute;
  api->call.cudnnBackendGetAttribute = refuse;
  Session refusing;
  refusing.api = std::move(api);
  auto described = Builder(refusing.api, CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, "described device")
                       .set(deviceJson, std::span(json.c_str(), json.size() + 1))
                       .finalize();
  if (!described.ok()) return false;
  refusing.device = std::move(described.value());
  for (const Question& q : questions) {
    const core::Plan plan = planOf(q, core::StorageType::f32);
    auto graph = cuda::convGraph(refusing, plan, std::get<core::CallStep>(plan.steps[0]));
    if (!graph.ok()) return false;
    const Descriptor& g = graph.value().graph;
    printRow({cuda::signatureOf(q.kernel, q.attributes), listedWith(refusing, g, 0), listedWith(refusing, g, 1),
              listedWith(refusing, g, 1 << 20)});
  }
  return true;
}

}  // namespace pathex::test
