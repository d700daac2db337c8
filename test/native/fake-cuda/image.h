#pragma once

#include <cstddef>

/// What nvrtc.cc hands to driver.cc in place of machine code: a shared library of the host, which has for each kernel
/// a function fake_run_NAME and its number of parameters, fake_args_NAME.
namespace fake {

constexpr char word[8] = {'f', 'a', 'k', 'e', 'c', 'u', 'b', '1'};
struct Image {
  char word[8];
  std::size_t bytes;
};
using Run = void (*)(unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY, unsigned blockZ,
                     void** arguments);

}  // namespace fake
