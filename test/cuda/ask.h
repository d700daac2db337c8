#pragma once

#include <string>
#include <vector>

#include "core/plan.h"
#include "cuda/cudnn.h"
#include "cuda/library_kernels.h"

/// Questions to cuDNN about a described GPU, asked through the code that plans for a real one.
namespace pathex::test {

/// A convolution step of a plan.
struct Question {
  core::Call kernel{};
  core::ConvAttributes attributes;
};

/// A plan of that one step: what the makers ask for.
core::Plan planOf(const Question&, core::StorageType operands);

/// A line of tab-separated cells on the standard output.
void printRow(const std::vector<std::string>& cells);
/// "a, b, c" for messages of several lines or with tabs in them.
std::string cell(std::string text);

/// What the chosen kernel is for each question, and how long the list was. False if any question had no answer.
bool askKernels(cuda::LibraryContext&, const std::vector<Question>&);
/// For every conv2d and conv2dInputGrad of the plan on the standard input: "other" where neither a map nor its moments
/// follow, "apart" where the two steps cannot be one operation, or "pair" with the epilogue or "sums", then how many
/// implementations are permitted, the first that can be built and its workspace.
bool askPairs(cuda::LibraryContext&);

/// The matmul kernel on a cuBLASLt of the test's own, which multiplies on the host as NVIDIA's is documented to: every
/// combination of transposes, of float32 and of bf16, against plain loops. False if any differs.
bool checkProducts();

/// How the timer of candidates treats fast, slow and hopeless kernels. False if no GPU can be opened.
bool checkTimer();

/// How many candidates are listed for each question, as cuDNN answers and when it will not describe the first
/// configuration, or none. False if any question had no answer.
bool askUnreadable(const cuda::cudnn::ApiRef&, const std::string& json, const std::vector<Question>&);

}  // namespace pathex::test
