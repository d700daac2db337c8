"""One PX pruning round of ResNet-20 in PyTorch, written straight from the formula.

    python bench/peers/px_round.py --threads 2 --batch 100
    python bench/peers/px_round.py --device cuda --modes eager,graphs

Speaks the protocol of serve.py; a step is a round of scores.py's px.

H1 runs on as many all-ones images as there are images, as PX's published code does; `--h1-batch 1` gives the same
scores for less, because H1 does not depend on data. float32 overflows on this network, `--dtype float64` does not.
"""

import torch

from model import ResNet
from scores import pruning, px
from serve import arguments, serve

parser = arguments(__doc__.splitlines()[0], batch=100, modes="eager,graphs")
parser.add_argument("--h1-batch", type=int, help="all-ones images of H1; default: as many as --batch")
parser.add_argument("--rounds", type=int, default=100, help="R; after the last round the mask starts again at one")
parser.add_argument("--density", type=float, default=0.8**18)
parser.add_argument("--dtype", choices=["float32", "float64"], default="float32")
options = parser.parse_args()


def make_step(memory_format, mode):
    net = ResNet().to(options.device, getattr(torch, options.dtype), memory_format=memory_format).eval()
    x = torch.randn(options.batch, 3, 32, 32).to(options.device, net.fc.weight.dtype, memory_format=memory_format)
    return pruning(net, lambda masks: px(net, masks, x, None, options.h1_batch or options.batch), options.rounds, options.density, mode=mode)


serve(options, make_step)
