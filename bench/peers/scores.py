"""Scores of the pruning methods in eager PyTorch, each written straight from its formula: {weight name: score}.

All take a network, masks m by weight name, images x and labels y, and leave weights and statistics as they were; with
theta the weights, L the mean cross-entropy on batch statistics. METHODS lists them with their usual rounds.
"""

from typing import Callable, NamedTuple

import torch
import torch.nn.functional as F
from torch.func import functional_call

from model import flow, fold_norms, prunable

TEMPERATURE, EPSILON = 200, 0.01  # of GraSP's logits; of NTK-SAP's step, a standard deviation


def weights_of(net):
    return {name: p.detach() for name, p in prunable(net).items()}


def shifts_of(net, norms):
    return {n: t for n, (_, t) in norms.items()} | {"fc.weight": net.fc.bias.detach()}


def fold(norms, weights, change=lambda scale: scale):
    """Multiply BatchNorm's scale, changed, into the weights."""
    per_row = {n: change(s).view(-1, 1, 1, 1) for n, (s, _) in norms.items()}
    return {n: w * per_row[n] if n in per_row else w for n, w in weights.items()}


def random(net, masks, x, y):
    return {n: torch.randn_like(w) for n, w in weights_of(net).items()}


def magnitude(net, masks, x, y):
    return {n: w.abs() for n, w in weights_of(net).items()}


def loss_of(net, weights, x, y, temperature=1):
    buffers = {n: b.clone() for n, b in net.named_buffers()}
    net.train()
    logits = functional_call(net, weights | buffers, x)
    net.eval()
    return F.cross_entropy(logits / temperature, y)


def slopes(net, masks, x, y):
    """dL/dw at w = m theta."""
    w = {n: (t * masks[n]).requires_grad_() for n, t in weights_of(net).items()}
    return dict(zip(w, torch.autograd.grad(loss_of(net, w, x, y), list(w.values()))))


def snip(net, masks, x, y):
    """|m theta dL/dw|; in rounds, IterSNIP."""
    return {n: s * masks[n] for n, s in force(net, masks, x, y).items()}


def force(net, masks, x, y):
    """|theta dL/dw|."""
    theta = weights_of(net)
    return {n: (theta[n] * g).abs() for n, g in slopes(net, masks, x, y).items()}


def grasp(net, masks, x, y):
    """theta H g, signed. There is one minibatch, so that g can be differentiated as it is, without a second forward."""
    theta = {n: t.clone().requires_grad_() for n, t in weights_of(net).items()}
    w = {n: t * masks[n] for n, t in theta.items()}
    g = torch.autograd.grad(loss_of(net, w, x, y, TEMPERATURE), list(theta.values()), create_graph=True)
    h = torch.autograd.grad(g, list(theta.values()), [v.detach() for v in g])
    return {n: t.detach() * v for (n, t), v in zip(theta.items(), h)}


def open_flow(net, masks, power, ones, upstream=None, normed=True):
    """|weights|^power and their dQ: every gate open, all-ones images, Q = sum of upstream * outputs (default: of outputs)."""
    norms = fold_norms(net) if normed else {}
    edges = {n: w.abs().pow(power).requires_grad_() for n, w in weights_of(net).items()}
    live = fold(norms, {n: e * masks[n] for n, e in edges.items()}, lambda s: s.abs() ** power)
    shifts = dict.fromkeys(edges) | {n: t.abs() ** power for n, t in shifts_of(net, norms).items()}
    h = flow(net, ones, live, shifts, lambda _, z: z)
    grads = torch.autograd.grad((h if upstream is None else h * upstream).sum(), list(edges.values()))
    return {n: (e.detach(), g) for (n, e), g in zip(edges.items(), grads)}


def synflow(net, masks, x, y):
    return {n: e * g for n, (e, g) in open_flow(net, masks, 1, torch.ones_like(x[:1])).items()}


def synflow_l2(net, masks, x, y):
    return {n: e * g for n, (e, g) in open_flow(net, masks, 2, torch.ones_like(x[:1])).items()}


def logsynflow(net, masks, x, y):
    """|m theta| log(1 + dQ/d|theta|), BatchNorm left out."""
    return {n: e * masks[n] * g.log1p() for n, (e, g) in open_flow(net, masks, 1, torch.ones_like(x[:1]), normed=False).items()}


def px(net, masks, x, y, h1_batch=1):
    """theta^2 dQ/dtheta^2. f: the masked network in eval mode on x; H2: x^2, ones for parameters, the gates of f; H1: open_flow
    of squares on `h1_batch` images, 1 or as many as x; Q = sum H1 H2.
    """
    norms, gates = fold_norms(net), []
    shifts = shifts_of(net, norms)

    def record(_, z):
        gates.append(z.relu_().sign())  # 0 or 1 in z's own type: multiplying by bool is 8 times slower
        return z

    with torch.no_grad():
        flow(net, x, fold(norms, {n: w * masks[n] for n, w in weights_of(net).items()}), shifts, record)
        units = {n: torch.ones_like(t) for n, t in shifts.items()}
        h2 = flow(net, x.square(), masks, units, lambda i, z: z.mul_(gates[i]))
    upstream = h2 if h1_batch == len(x) else h2.sum(0)
    return {n: e * g for n, (e, g) in open_flow(net, masks, 2, torch.ones_like(x[:h1_batch]), upstream).items()}


def ntk_sap(net, masks, x, y, draw=torch.randn_like):
    """m |d/dm of sum ||f(X; m theta) - f(X; m (theta + step))||^2|, X, theta and step drawn anew, statistics those of (X, m theta)."""
    m = {n: v.clone().requires_grad_() for n, v in masks.items()}
    theta = {n: draw(w) * (2 / w[0].numel()) ** 0.5 for n, w in weights_of(net).items()}
    noise = draw(x)
    affine = {n: p for n, p in net.named_parameters() if p.dim() == 1 and n != "fc.bias"}
    fresh = {n: torch.ones_like(p) if n.endswith("weight") else torch.zeros_like(p) for n, p in affine.items()}
    statistics = {n: b.clone() for n, b in net.named_buffers()}
    norms = [b for b in net.modules() if isinstance(b, torch.nn.BatchNorm2d)]
    before = [b.momentum for b in norms]
    for b in norms:
        b.momentum = 1.0
    net.train()
    with torch.no_grad():
        functional_call(net, {n: t * masks[n] for n, t in theta.items()} | fresh | statistics, noise)
    net.eval()
    for b, momentum in zip(norms, before):
        b.momentum = momentum
    moved = {n: t + EPSILON * draw(t) for n, t in theta.items()}
    f0, f1 = (functional_call(net, {n: t * m[n] for n, t in w.items()} | fresh | statistics, noise) for w in (theta, moved))
    grads = torch.autograd.grad((f0 - f1).square().sum(), list(m.values()))
    return {n: g.abs() * masks[n] for n, g in zip(m, grads)}


class Method(NamedTuple):
    score: Callable
    rounds: int
    monotone: bool = True  # removed weights stay out


METHODS = {
    "px": Method(px, 100),
    "synflow": Method(synflow, 100),
    "synflow-l2": Method(synflow_l2, 100),
    "logsynflow": Method(logsynflow, 100),
    "snip": Method(snip, 1),
    "itersnip": Method(snip, 100),
    "force": Method(force, 100, monotone=False),
    "grasp": Method(grasp, 1),
    "ntk-sap": Method(ntk_sap, 100),
    "magnitude": Method(magnitude, 1),
    "random": Method(random, 1),
}


def keep_best(score, masks, density, monotone=True):
    """Keep exactly N - int((1 - density) N) weights, ranked over all layers at once. Were all scores finite? A tensor: a GPU is not waited for."""
    flat = torch.cat([s.flatten() for s in score.values()])
    live = torch.cat([m.flatten() for m in masks.values()])
    keep = len(flat) - int((1 - density) * len(flat))
    ranked = flat.masked_fill(live == 0, -torch.inf) if monotone else flat
    mask = torch.zeros_like(flat)
    mask.index_fill_(0, ranked.topk(keep, sorted=False).indices, 1)
    for m, part in zip(masks.values(), mask.split([m.numel() for m in masks.values()])):
        m.copy_(part.view_as(m))
    return flat.isfinite().all()


def pruning(net, score, rounds, density, monotone=True, mode=None):
    """A step for serve.py: the next round of `score(masks)`; after the last the masks start again at one. "finite" is false once any
    score was not; from then on the masks mean nothing and only the time counts. Of a `mode` of serve.py scoring alone is
    compiled or captured: how many weights are kept differs from round to round.
    """
    masks = {n: torch.ones_like(p, requires_grad=False) for n, p in prunable(net).items()}
    scores = (lambda: score(masks)) if mode is None else mode.captured(mode.compiled(lambda: score(masks)))
    done, finite = 0, torch.tensor(True, device=net.fc.weight.device)

    def step():
        nonlocal done, finite
        if done == rounds:
            done = 0
            for m in masks.values():
                m.fill_(1)
        done += 1
        finite = finite & keep_best(scores(), masks, density ** (done / rounds), monotone)
        return {"finite": finite, "round": done, "kept": sum(m.sum() for m in masks.values())}

    return step
