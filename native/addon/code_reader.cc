#include "addon/code_reader.h"

#include "addon/node.h"
#include "core/check.h"

namespace pathex::addon {

namespace {

using namespace pathex::core;

Argument readArgument(const Node& n) {
  if (n.has("buffer")) return {Argument::Of::buffer, n.field("buffer").natural()};
  return {Argument::Of::scratch, n.field("scratch").natural()};
}

Launch readLaunch(const Node& n) {
  return {n.field("kernel").text(), n.field("grid").tuple<std::size_t, 3>(), n.field("block").tuple<std::size_t, 3>(),
          n.field("args").list(readArgument)};
}

CodeStep readStep(const Node& n) {
  CodeStep step;
  step.isLibrary = n.field("kind").word<bool>({{"launches", false}, {"library", true}});
  if (!step.isLibrary) {
    step.launches = n.field("launches").list(readLaunch);
    step.covers = n.field("covers").natural();
    if (n.has("fromSums")) step.fromSums = readLaunch(n.field("fromSums"));
  }
  if (n.has("stream")) step.isAside = n.field("stream").word<bool>({{"side", true}});
  if (n.has("after")) step.after = n.field("after").natural();
  return step;
}

DeviceCode readCode(const Node& n) {
  if (const auto version = n.field("version").integer(); version != deviceCodeVersion) {
    n.field("version").fail(std::to_string(version) + "; this addon reads version " +
                            std::to_string(deviceCodeVersion) +
                            "; if the addon is the older one, build it anew with: npm run setup");
  }
  return {n.field("source").text(), n.field("steps").list(readStep), n.field("scratchBytes").natural()};
}

}  // namespace

Result<LoadOptions> readLoadOptions(const Napi::Value& value) {
  LoadOptions options;
  if (!value.IsObject()) return options;
  const auto given = value.As<Napi::Object>();
  options.profile = given.Get("profile").ToBoolean().Value();
  if (!given.Has("code")) return options;
  try {
    options.code = readCode(Node(given.Get("code"), "code"));
  } catch (const Fault& fault) {
    return withRemedy(planError(fault.message));
  }
  return options;
}

}  // namespace pathex::addon
