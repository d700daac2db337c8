"""One whole training step of ResNet-20 in PyTorch: forward, cross-entropy, backward, SGD.

    python bench/peers/train_step.py --threads 2 --batch 128
    python bench/peers/train_step.py --device cuda --precision tf32 --modes eager,compile,graphs

Speaks the protocol of serve.py. `--images fixed`, the default on a CPU: the batch is random and stays the same.
`--images resident`, the default on a GPU: the step takes it from a data set of bytes on the device, cropped, flipped
and normalised, as pathex's step does. Order and shifts lie on the device beforehand; pathex's come from the host.
"""

import torch
import torch.nn.functional as F

from model import ResNet
from serve import arguments, serve

SIDE, PAD, COUNT = 32, 4, 1024

parser = arguments(__doc__.splitlines()[0], batch=128, modes="eager,compile,graphs")
parser.add_argument("--images", choices=["auto", "fixed", "resident"], default="auto")
options = parser.parse_args()
is_cuda = options.device == "cuda"
if options.images == "auto":
    options.images = "resident" if is_cuda else "fixed"


def fixed(memory_format):
    x = torch.randn(options.batch, 3, SIDE, SIDE).to(options.device, memory_format=memory_format)
    y = torch.randint(10, (options.batch,)).to(options.device)
    return lambda: (x, y)


def resident(memory_format):
    """The batch of a step: crop out of zero padding, which is laid around the images once for all steps, flip, normalise."""
    on = {"device": options.device}
    images = F.pad(torch.randint(256, (COUNT, SIDE, SIDE, 3), dtype=torch.uint8, **on), (0, 0, PAD, PAD, PAD, PAD))
    labels = torch.arange(COUNT, **on) % 10
    index = torch.arange(options.batch, **on) * 7 % COUNT
    top, left = torch.randint(2 * PAD + 1, (2, options.batch, 1), **on)
    flip = torch.randint(2, (options.batch, 1), **on) == 1
    along = torch.arange(SIDE, **on)
    scale, shift = torch.full((3,), 1 / (255 * 0.25), **on), torch.full((3,), 0.5 / 0.25, **on)

    def batch():
        rows, columns = top + along, left + torch.where(flip, SIDE - 1 - along, along)
        x = images[index[:, None, None], rows[:, :, None], columns[:, None, :]] * scale - shift
        return x.permute(0, 3, 1, 2).contiguous(memory_format=memory_format), labels[index]

    return batch


def make_step(memory_format, mode):
    net = ResNet().to(options.device, memory_format=memory_format).train()
    # one kernel for all parameters, and a rate that a captured step reads anew each time
    fused = {"lr": torch.tensor(0.1, device="cuda"), "fused": True} if is_cuda else {"lr": 0.1}
    sgd = torch.optim.SGD(net.parameters(), momentum=0.9, weight_decay=1e-4, **fused)
    batch = {"fixed": fixed, "resident": resident}[options.images](memory_format)

    @mode.compiled
    def loss_of():
        x, y = batch()
        with torch.autocast(options.device, torch.bfloat16, enabled=options.precision == "bf16"):
            return F.cross_entropy(net(x), y)

    @mode.captured
    def step():
        loss = loss_of()
        sgd.zero_grad(set_to_none=True)
        loss.backward()
        sgd.step()
        return {"loss": loss.detach()}

    return step


serve(options, make_step)
