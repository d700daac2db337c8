#include "cuda/program.h"

#include <algorithm>

namespace pathex::cuda {

namespace {

struct ReadyLaunch {
  CUfunction function = nullptr;
  core::Launch launch;
};

class Launches final : public Kernel {
 public:
  Launches(Context& context, std::vector<ReadyLaunch> launches, std::string how)
      : context_(context), launches_(std::move(launches)), how_(std::move(how)) {
    std::size_t most = 0;
    for (const ReadyLaunch& l : launches_) most = std::max(most, l.launch.args.size());
    addresses_.resize(most);
    parameters_.resize(most);
    for (std::size_t i = 0; i < most; ++i) parameters_[i] = &addresses_[i];
  }

  core::Status enqueue(const Bindings& bindings, CUstream stream) override {
    for (const auto& [function, launch] : launches_) {
      for (std::size_t i = 0; i < launch.args.size(); ++i) {
        const core::Argument& arg = launch.args[i];
        addresses_[i] = arg.of == core::Argument::Of::buffer ? bindings.buffers[arg.at] : bindings.workspace + arg.at;
      }
      const auto size = [](std::size_t n) { return static_cast<unsigned>(n); };
      constexpr unsigned sharedBytes = 0;  // beyond what a kernel declares
      const core::Status s =
          context_.call("cuLaunchKernel", &Driver::cuLaunchKernel, function, size(launch.grid[0]), size(launch.grid[1]),
                        size(launch.grid[2]), size(launch.block[0]), size(launch.block[1]), size(launch.block[2]),
                        sharedBytes, stream, parameters_.data(), nullptr);
      if (!s.ok()) return s.within("kernel " + launch.kernel);
    }
    return {};
  }

  std::string implementation() const override {
    if (launches_.empty()) return "nothing to do";
    std::string text = launches_.size() == 1 ? "1 launch: " : std::to_string(launches_.size()) + " launches: ";
    for (const ReadyLaunch& l : launches_) text += (&l == launches_.data() ? "" : ", ") + l.launch.kernel;
    return text + how_;
  }

 private:
  Context& context_;
  std::vector<ReadyLaunch> launches_;
  std::string how_;
  std::vector<CUdeviceptr> addresses_;  // of one launch; the driver copies them
  std::vector<void*> parameters_;
};

core::Status loadModule(Context& context, const std::vector<char>& code, Module& module) {
  module = Module(context);
  return context.call("cuModuleLoadData", &Driver::cuModuleLoadData, module.receive(), code.data());
}

}  // namespace

core::Result<Program> Program::make(Context& context, const Nvrtc& nvrtc, const CubinCache& cache,
                                    const std::string& source) {
  // No fast mathematics: NaN, infinities and denormals keep their meaning.
  const std::vector<std::string> options{"--gpu-architecture=sm_" + std::to_string(context.capability()),
                                         "--std=c++17"};
  std::string key = "nvrtc " + nvrtc.version() + "\n";
  for (const std::string& option : options) key += option + "\n";
  key += source;

  Module module;
  if (const auto cached = cache.read(key); cached && loadModule(context, *cached, module).ok()) {
    return Program(std::move(module));
  }
  auto code = nvrtc.compile(source, options);
  if (!code.ok()) return code.status();
  if (core::Status s = loadModule(context, code.value(), module); !s.ok()) return s;
  cache.write(key, code.value());
  return Program(std::move(module));
}

core::Result<std::unique_ptr<Kernel>> Program::launches(Context& context, const std::vector<core::Launch>& launches,
                                                        std::string how) const {
  std::vector<ReadyLaunch> ready;
  for (const core::Launch& launch : launches) {
    CUfunction function = nullptr;
    core::Status s = context.call("cuModuleGetFunction", &Driver::cuModuleGetFunction, &function, module_.get(),
                                  launch.kernel.c_str());
    if (!s.ok()) return s.within("kernel " + launch.kernel);
    ready.push_back({function, launch});
  }
  return std::unique_ptr<Kernel>(std::make_unique<Launches>(context, std::move(ready), std::move(how)));
}

}  // namespace pathex::cuda
