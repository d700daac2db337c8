#include "cuda/sha256.h"

#include <iostream>
#include <iterator>

/// `sha256 <piece>`: the sum of standard input, added in pieces of so many bytes.
int main(int, char** arguments) {
  const std::string bytes{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  const std::size_t piece = std::stoul(arguments[1]);
  pathex::cuda::Sha256 sum;
  for (std::size_t at = 0; at < bytes.size(); at += piece) sum.add(std::string_view(bytes).substr(at, piece));
  std::cout << sum.hexadecimal();
}
