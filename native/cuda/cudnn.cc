#include "cuda/cudnn.h"

#include "cuda/library.h"
#include "cuda/nvrtc.h"
#include "cuda/version.h"

namespace pathex::cuda::cudnn {

namespace {

/// The first version that has everything used here: devices can be described, configurations know their workspace.
constexpr std::size_t oldest = 90800;

/// Finds every function of the table; the first one that is missing is the status.
core::Status findAll(const Library& library, Functions& f) {
  core::Status status;
  const auto find = [&](const char* name, auto*& function) {
    if (status.ok()) status = library.find(name, function);
  };
  find("cudnnGetVersion", f.cudnnGetVersion);
  find("cudnnGetErrorString", f.cudnnGetErrorString);
  find("cudnnGetLastErrorString", f.cudnnGetLastErrorString);
  find("cudnnCreate", f.cudnnCreate);
  find("cudnnDestroy", f.cudnnDestroy);
  find("cudnnSetStream", f.cudnnSetStream);
  find("cudnnBackendCreateDescriptor", f.cudnnBackendCreateDescriptor);
  find("cudnnBackendDestroyDescriptor", f.cudnnBackendDestroyDescriptor);
  find("cudnnBackendFinalize", f.cudnnBackendFinalize);
  find("cudnnBackendSetAttribute", f.cudnnBackendSetAttribute);
  find("cudnnBackendGetAttribute", f.cudnnBackendGetAttribute);
  find("cudnnBackendExecute", f.cudnnBackendExecute);
  return status;
}

/// One line of what the library said: its messages may span several.
std::string oneLine(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  return text;
}

}  // namespace

core::Result<std::shared_ptr<const Api>> Api::load() {
  // What cannot be found here is missed by cuDNN when it needs it, and then reported by its own message.
  (void)Library::open({"libcublasLt.so.13", "libcublasLt.so.12"}, true);
  (void)openNvrtcLibrary();
  auto library = Library::open({"libcudnn.so.9"});
  if (!library.ok()) return library.status();
  auto api = std::make_shared<Api>();
  api->path = library.value().path();
  if (core::Status s = findAll(library.value(), api->call); !s.ok()) return s;
  if (const std::size_t version = api->version(); version < oldest) {
    return core::Status(core::Code::device, api->path + ": cuDNN " + showVersion(version) + " is too old; install " +
                                                showVersion(oldest) + " or later");
  }
  return std::shared_ptr<const Api>(std::move(api));
}

core::Status Api::check(StatusCode code, const std::string& what) const {
  if (code == CUDNN_STATUS_SUCCESS) return {};
  std::array<char, 2048> said{};
  call.cudnnGetLastErrorString(said.data(), said.size());
  std::string message = "cuDNN " + showVersion(version()) + ": " + what + ": " + call.cudnnGetErrorString(code);
  if (said[0] != '\0') message += ": " + oneLine(said.data());
  return {core::Code::native, std::move(message)};
}

core::Result<Descriptor> Descriptor::create(const ApiRef& api, DescriptorType type) {
  RawDescriptor raw = nullptr;
  const StatusCode code = api->call.cudnnBackendCreateDescriptor(type, &raw);
  const std::string what = "cudnnBackendCreateDescriptor of type " + std::to_string(type);
  if (core::Status s = api->check(code, what); !s.ok()) return s;
  return Descriptor(api, raw);
}

Descriptor::~Descriptor() {
  if (raw_ != nullptr) api_->call.cudnnBackendDestroyDescriptor(raw_);
}

core::Status Descriptor::read(const char* name, int attribute, AttributeType type, std::int64_t room,
                              std::int64_t* count, void* values) const {
  const StatusCode code = api_->call.cudnnBackendGetAttribute(raw_, attribute, type, room, count, values);
  return code == CUDNN_STATUS_SUCCESS ? core::Status() : api_->check(code, std::string("reading ") + name);
}

core::Result<std::vector<Descriptor>> Descriptor::get(const Attribute<Descriptor>& attribute, DescriptorType type,
                                                      std::int64_t room) const {
  std::int64_t count = room;
  const auto ask = [&](std::int64_t wanted, RawDescriptor* into) {
    return read(attribute.name, attribute.value, CUDNN_TYPE_BACKEND_DESCRIPTOR, wanted, &count, into);
  };
  if (room == 0) {
    if (core::Status s = ask(0, nullptr); !s.ok()) return s;
  }
  std::vector<Descriptor> found;
  std::vector<RawDescriptor> raw;
  for (std::int64_t i = 0; i < count; ++i) {
    auto one = create(api_, type);
    if (!one.ok()) return one.status();
    raw.push_back(one.value().raw());
    found.push_back(std::move(one.value()));
  }
  if (count == 0) return found;
  if (core::Status s = ask(count, raw.data()); !s.ok()) return s;
  found.resize(static_cast<std::size_t>(count));
  return found;
}

Builder::Builder(const ApiRef& api, DescriptorType type, std::string what) : api_(api), what_(std::move(what)) {
  auto descriptor = Descriptor::create(api, type);
  if (descriptor.ok()) {
    descriptor_ = std::move(descriptor.value());
  } else {
    status_ = descriptor.status().within(what_);
  }
}

Builder& Builder::set(const Attribute<Descriptor>& attribute, std::span<const RawDescriptor> values) {
  return write(attribute.name, attribute.value, CUDNN_TYPE_BACKEND_DESCRIPTOR, values.size(), values.data());
}

Builder& Builder::write(const char* name, int attribute, AttributeType type, std::size_t count, const void* values) {
  if (!status_.ok()) return *this;
  const StatusCode code =
      api_->call.cudnnBackendSetAttribute(descriptor_.raw(), attribute, type, static_cast<std::int64_t>(count), values);
  if (code != CUDNN_STATUS_SUCCESS) status_ = api_->check(code, what_ + ", setting " + name);
  return *this;
}

core::Result<Descriptor> Builder::finalize() {
  if (!status_.ok()) return status_;
  const StatusCode code = api_->call.cudnnBackendFinalize(descriptor_.raw());
  if (code != CUDNN_STATUS_SUCCESS) return api_->check(code, what_ + ", finalizing");
  return std::move(descriptor_);
}

core::Result<std::shared_ptr<const Session>> Session::open() {
  auto api = Api::load();
  if (!api.ok()) return api.status();
  auto session = std::make_shared<Session>();
  session->api = std::move(api.value());
  const StatusCode code = session->api->call.cudnnCreate(&session->handle);
  if (core::Status s = session->api->check(code, "cudnnCreate"); !s.ok()) return s;
  return std::shared_ptr<const Session>(std::move(session));
}

core::Result<std::shared_ptr<const Session>> Session::describe(const std::string& json) {
  auto api = Api::load();
  if (!api.ok()) return api.status();
  auto session = std::make_shared<Session>();
  session->api = std::move(api.value());
  // The terminating zero is counted.
  auto device = Builder(session->api, CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, "described device")
                    .set(deviceJson, std::span(json.c_str(), json.size() + 1))
                    .finalize();
  if (!device.ok()) return device.status();
  session->device = std::move(device.value());
  return std::shared_ptr<const Session>(std::move(session));
}

Session::~Session() {
  if (handle != nullptr) api->call.cudnnDestroy(handle);
}

}  // namespace pathex::cuda::cudnn
