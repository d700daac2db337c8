#include "cuda/calls.h"
#include "cuda/cublaslt.h"
#include "cuda/cudnn.h"
#include "cuda/tuning.h"
#include "cuda/version.h"

namespace pathex::cuda {

LibraryContext::LibraryContext(LibraryOptions options) : options_(std::move(options)) {}
LibraryContext::~LibraryContext() = default;

void LibraryContext::openTuning() {
  tuning_ = std::make_unique<TuningCache>(options_.tuningFolder, options_.deviceName, options_.multiprocessors,
                                          cudnn_->api->version());
}

core::Result<std::unique_ptr<LibraryContext>> LibraryContext::make(LibraryOptions options) {
  std::unique_ptr<LibraryContext> context(new LibraryContext(std::move(options)));
  auto cudnn = cudnn::Session::open();
  if (!cudnn.ok()) return cudnn.status();
  context->cudnn_ = std::move(cudnn.value());
  auto cublaslt = cublaslt::Session::open();
  if (!cublaslt.ok()) return cublaslt.status();
  context->cublaslt_ = std::move(cublaslt.value());
  context->openTuning();
  return context;
}

core::Result<std::unique_ptr<LibraryContext>> LibraryContext::describe(LibraryOptions options,
                                                                       const std::string& deviceJson) {
  std::unique_ptr<LibraryContext> context(new LibraryContext(std::move(options)));
  auto cudnn = cudnn::Session::describe(deviceJson);
  if (!cudnn.ok()) return cudnn.status();
  context->cudnn_ = std::move(cudnn.value());
  context->openTuning();
  return context;
}

/// The makers that the table of calls names.
namespace makers {

namespace {

MadeKernel cudnn(LibraryContext& context, const core::Plan& plan, const core::CallStep& step) {
  return makeConv(context, plan, step);
}

MadeKernel cublaslt(LibraryContext& context, const core::Plan& plan, const core::CallStep& step) {
  const auto& session = context.cublaslt();
  if (session == nullptr) {
    return core::Status(core::Code::device, step.name + ": cuBLASLt cannot plan for a described GPU");
  }
  return makeMatmul(session, context.options(), plan, step);
}

/// Of kernels that come with the plan as CUDA C.
MadeKernel emitted(LibraryContext&, const core::Plan&, const core::CallStep& step) {
  return core::planError(step.name + ": no library has a kernel '" + core::nameOf(step.kernel) + "'");
}

/// Of kernels that plans for cuda do without.
MadeKernel none(LibraryContext&, const core::Plan&, const core::CallStep& step) {
  return core::planError(step.name + ": the cuda device has no kernel '" + core::nameOf(step.kernel) +
                         "'; compile the program for it");
}

}  // namespace

}  // namespace makers

MadeKernel makeLibraryKernel(LibraryContext& context, const core::Plan& plan, const core::CallStep& step) {
  switch (step.kernel) {
#define PATHEX_CALL(name, Record, cpu, maker, ...) \
  case core::Call::name:                           \
    return makers::maker(context, plan, step);
#include "core/calls.inc"
  }
  return makers::emitted(context, plan, step);
}

std::unique_ptr<Kernel> makeFusedKernel(LibraryContext& context, const core::Plan& plan, std::size_t at, Kernel& conv,
                                        Kernel& map) {
  return makeFusedConv(context, plan, at, conv, map);
}

std::unique_ptr<Kernel> makeSummingKernel(LibraryContext& context, const core::Plan& plan, std::size_t at, Kernel& conv,
                                          Kernel& moments, Kernel& fromSums, const Work& work) {
  return makeSummingConv(context, plan, at, {&conv, &moments}, fromSums, work);
}

std::vector<LibraryReport> probeLibraries() {
  const auto report = [](const char* name, auto&& loaded, const auto& show) {
    if (!loaded.ok()) return LibraryReport{name, "", "", loaded.status().message()};
    const auto& api = loaded.value();
    return LibraryReport{name, show(api->version()), api->path, ""};
  };
  return {report("cuBLASLt", cublaslt::Api::load(), showVersion), report("cuDNN", cudnn::Api::load(), showVersion)};
}

}  // namespace pathex::cuda
