#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/device_code.h"
#include "core/plan.h"
#include "core/status.h"

/// What a device is to the addon. Everything here is made, used and destroyed on one thread, the device's own, except
/// where it says otherwise; so an implementation needs no locks and its libraries see one thread only.
namespace pathex::core {

/// Raised by another thread when nobody waits for results any more: work under way then ends at its next step. May be
/// empty.
using StopFlag = std::shared_ptr<const std::atomic<bool>>;

/// Bytes on a device: freed when destroyed, which is before the device.
class Block {
 public:
  virtual ~Block() = default;
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  /// In the device's own address space; it never changes.
  std::uintptr_t address() const { return address_; }
  std::size_t bytes() const { return bytes_; }

 protected:
  Block(std::uintptr_t address, std::size_t bytes) : address_(address), bytes_(bytes) {}

 private:
  std::uintptr_t address_;
  std::size_t bytes_;
};

/// Work that was given to a device and may still go on. Works of one device end in the order in which they were given.
class Pending {
 public:
  virtual ~Pending() = default;
  /// Whether it is done; if so, results have reached the host. Does not wait. Not called again after true or an error.
  virtual Result<bool> isDone() = 0;
};

/// What became of work given to a device: it failed, or it is done, or it goes on.
struct Submitted {
  Status status;
  std::unique_ptr<Pending> pending;  // empty when done

  Submitted(Status s) : status(std::move(s)) {}
  Submitted(std::unique_ptr<Pending> p) : pending(std::move(p)) {}
};

struct StepReport {
  std::string name, kind, implementation;
  double seconds = 0;
  /// Seconds of the fastest call, which other work on the machine slowed least; infinite before the first.
  double least = std::numeric_limits<double>::infinity();
  std::size_t calls = 0;
};

/// A plan made ready to run.
class Executable {
 public:
  virtual ~Executable() = default;

  /// Any thread.
  virtual const Plan& plan() const = 0;
  /// Everything it holds on the device, fixed at load. Any thread.
  virtual std::size_t bytes() const = 0;
  /// One entry for each step; times are zero unless profiling was asked for. Any thread.
  virtual std::vector<StepReport> report() const = 0;

  /// Runs every step in order, on one block for each state slot and one host address for each input and output. What
  /// they point to has to stay until the work is done.
  virtual Submitted run(const std::vector<const Block*>& state, const std::vector<std::byte*>& inputs,
                        const std::vector<std::byte*>& outputs) = 0;
};

struct LoadOptions {
  bool profile = false;
  DeviceCode code;  // only for devices that compile it
};

class Device {
 public:
  virtual ~Device() = default;

  /// For people: "oneDNN 2.6.3, AVX2, 2 threads".
  virtual std::string description() const = 0;
  /// Zero-filled bytes.
  virtual Result<std::unique_ptr<Block>> allocate(std::size_t bytes) = 0;
  /// All bytes of a block, from and to the host.
  virtual Submitted write(const Block&, const std::byte* from) = 0;
  virtual Submitted read(const Block&, std::byte* to) = 0;
  /// When all work given before was done, in seconds of a clock of the device's own: two marks say how far they are
  /// apart. Later work does not wait for it.
  virtual Submitted mark(double* seconds) = 0;
  virtual Result<std::unique_ptr<Executable>> load(Plan, LoadOptions) = 0;
};

}  // namespace pathex::core
