"""Rounds of a pruning method on ResNet-20 in PyTorch: scores, global ranking, new masks.

    python bench/peers/methods.py --method synflow --threads 2 --batch 100

Speaks the protocol of serve.py; a step is a round, which for single-shot methods is the whole run. The images are
noise. `--dtype auto` is float32 where it gives finite scores in the first round, whose flows are the largest, and
float64 elsewhere.
"""

import torch

from model import ResNet, prunable
from scores import METHODS, pruning
from serve import arguments, serve, set_up_gpu

parser = arguments(__doc__.splitlines()[0], batch=100)
parser.add_argument("--method", choices=METHODS, required=True)
parser.add_argument("--density", type=float, default=0.8**18)
parser.add_argument("--dtype", choices=["auto", "float32", "float64"], default="auto")
options = parser.parse_args()
method = METHODS[options.method]


def setting(dtype, memory_format):
    net = ResNet().to(options.device, dtype, memory_format=memory_format).eval()
    x = torch.randn(options.batch, 3, 32, 32).to(options.device, dtype, memory_format=memory_format)
    return net, x, torch.arange(options.batch, device=options.device) % 10


def is_finite(dtype):
    torch.manual_seed(options.seed)
    net, x, y = setting(dtype, torch.contiguous_format)
    scores = method.score(net, {n: torch.ones_like(p, requires_grad=False) for n, p in prunable(net).items()}, x, y)
    return all(s.isfinite().all() for s in scores.values())


if options.dtype == "auto":
    if options.device == "cuda":
        set_up_gpu(options)
    torch.set_num_threads(options.threads)
    options.dtype = "float32" if is_finite(torch.float32) else "float64"


def make_step(memory_format, mode):
    net, x, y = setting(getattr(torch, options.dtype), memory_format)
    return pruning(net, lambda masks: method.score(net, masks, x, y), method.rounds, options.density, method.monotone, mode)


serve(options, make_step, methods=list(METHODS))
