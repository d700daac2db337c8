#pragma once

#include "cuda/library_kernels.h"

/// Makers of the library kernels. A maker checks the operands against the attributes, chooses an implementation and
/// builds it.
namespace pathex::cuda {

MadeKernel makeConv(LibraryContext&, const core::Plan&, const core::CallStep&);
/// See makeFusedKernel.
std::unique_ptr<Kernel> makeFusedConv(LibraryContext&, const core::Plan&, std::size_t at, Kernel& conv, Kernel& map);
/// See makeSummingKernel; `apart` are the kernels of both steps.
std::unique_ptr<Kernel> makeSummingConv(LibraryContext&, const core::Plan&, std::size_t at,
                                        const std::vector<Kernel*>& apart, Kernel& fromSums, const Work&);
MadeKernel makeMatmul(const std::shared_ptr<const cublaslt::Session>&, const LibraryOptions&, const core::Plan&,
                      const core::CallStep&);

}  // namespace pathex::cuda
