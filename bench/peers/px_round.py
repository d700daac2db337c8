"""One PX pruning round of ResNet-20 in eager PyTorch, written straight from the formula.

    python bench/peers/px_round.py --threads 2 --batch 100

Speaks the protocol of serve.py; a step is a round. With f the masked network in eval mode on the images x,
H2 (x^2, ones for parameters, the gates of f) and H1 (ones for input, squared parameters, open gates):
Q = sum H1 H2, score = theta^2 dQ/dtheta^2, and the mask keeps the best share d^((r+1)/R) of all weights.

H1 runs on as many all-ones images as there are images, as PX's published code does; `--h1-batch 1` gives the same
scores for less, because H1 does not depend on data. float32 overflows on this network: "finite" is false once any
round so far had a non-finite score; from then on the masks mean nothing and only the time counts. `--dtype float64`
does not overflow.
"""

import torch

from model import ResNet, flow, fold_norms, prunable
from serve import arguments, serve

parser = arguments(__doc__.splitlines()[0], batch=100)
parser.add_argument("--h1-batch", type=int, help="all-ones images of H1; default: as many as --batch")
parser.add_argument("--rounds", type=int, default=100, help="R; after the last round the mask starts again at one")
parser.add_argument("--density", type=float, default=0.8**18)
parser.add_argument("--dtype", choices=["float32", "float64"], default="float32")
options = parser.parse_args()


def scores(net, masks, x, ones):
    """PX scores by weight name. x: images, ones: H1's input (1 or as many images)."""
    theta = {name: p.detach() for name, p in prunable(net).items()}
    norms = fold_norms(net)

    def fold(weights, power=1):
        """Multiply BatchNorm's scale, or its square, into the weights."""
        per_row = {n: (s**power).view(-1, 1, 1, 1) for n, (s, _) in norms.items()}
        return {n: w * per_row[n] if n in per_row else w for n, w in weights.items()}

    shifts = {n: t for n, (_, t) in norms.items()} | {"fc.weight": net.fc.bias.detach()}
    gates = []

    def record(_, z):
        gates.append(z.relu_().sign())  # 0 or 1 in z's own type: multiplying by bool is 8 times slower
        return z

    with torch.no_grad():
        flow(net, x, fold({n: w * masks[n] for n, w in theta.items()}), shifts, record)
        units = {n: torch.ones_like(t) for n, t in shifts.items()}
        h2 = flow(net, x.square(), masks, units, lambda i, z: z.mul_(gates[i]))

    squares = {n: w.square().requires_grad_() for n, w in theta.items()}
    masked = {n: w * masks[n] for n, w in squares.items()}
    h1 = flow(net, ones, fold(masked, 2), {n: t.square() for n, t in shifts.items()}, lambda _, z: z)
    q = (h1 * h2).sum() if len(ones) == len(x) else (h1 * h2.sum(0)).sum()
    grads = torch.autograd.grad(q, list(squares.values()))
    return {n: w.detach() * g for (n, w), g in zip(squares.items(), grads)}


def keep_best(score, masks, density):
    """Keep exactly N - int((1 - density) N) weights, ranked over all layers at once. Were all scores finite?"""
    flat = torch.cat([s.flatten() for s in score.values()])
    keep = len(flat) - int((1 - density) * len(flat))
    mask = torch.zeros_like(flat)
    mask[flat.topk(keep, sorted=False).indices] = 1
    for m, part in zip(masks.values(), mask.split([m.numel() for m in masks.values()])):
        m.copy_(part.view_as(m))
    return bool(flat.isfinite().all())


def make_step(memory_format):
    net = ResNet().to(dtype=getattr(torch, options.dtype), memory_format=memory_format).eval()
    masks = {n: torch.ones_like(p, requires_grad=False) for n, p in prunable(net).items()}
    x = torch.randn(options.batch, 3, 32, 32).to(net.fc.weight.dtype, memory_format=memory_format)
    ones = torch.ones_like(x[: options.h1_batch or options.batch])
    done, finite = 0, True

    def step():
        nonlocal done, finite
        if done == options.rounds:
            done = 0
            for m in masks.values():
                m.fill_(1)
        done += 1
        density = options.density ** (done / options.rounds)
        finite &= keep_best(scores(net, masks, x, ones), masks, density)
        return {"finite": finite, "round": done, "kept": int(sum(m.sum() for m in masks.values()))}

    return step


serve(options, make_step)
