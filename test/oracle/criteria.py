"""Independent float64 reference for GraSP, ProsPr, LogSynFlow, the released PX and NTK-SAP, on the network of px.py.

    python test/oracle/criteria.py      # checks itself, then writes test/oracle/criteria.json

The network, images, labels and masks are those of resnet8.json, drawn from the same seed; only scores, losses and the draws of NTK-SAP are
written. GraSP sums g over two minibatches before H meets it. NTK-SAP runs the modules themselves: weights set to the
draw, one forward in train mode with momentum 1, two in eval mode.
"""

import copy
import json

import numpy as np
import torch
import torch.nn.functional as F
from px import CLASSES, HERE, SEED, SIDE, close, draw, plain, prunable

TEMPERATURE, EPSILON = 200, 0.01
STEPS, RATE, MOMENTUM = 3, 0.1, 0.9


def loss_of(net, masks, images, labels):
    """theta -> cross-entropy of the logits / T with batch statistics."""

    def loss(theta):
        own = {n: b.clone() for n, b in net.named_buffers()}
        net.train()
        logits = torch.func.functional_call(net, {n: t * masks[n] for n, t in theta.items()} | own, images)
        net.eval()
        return F.cross_entropy(logits / TEMPERATURE, labels)

    return loss


def grasp(net, masks, images, labels, parts=2):
    theta = {n: p.detach().clone().requires_grad_() for n, p in prunable(net).items()}
    values = list(theta.values())
    losses = [loss_of(net, masks, x, y)(theta) for x, y in zip(images.chunk(parts), labels.chunk(parts))]
    grads = [torch.autograd.grad(loss, values, create_graph=True) for loss in losses]
    g = [sum(gs).detach() for gs in zip(*grads)]
    h = [torch.zeros_like(t) for t in values]
    for gs in grads:
        along = sum((a * b).sum() for a, b in zip(g, gs))
        for total, part in zip(h, torch.autograd.grad(along, values, retain_graph=True)):
            total += part
    return {"scores": {n: t.detach() * v for (n, t), v in zip(theta.items(), h)}}


def check_grasp(net, masks, images, labels, scores, parts=2):
    """theta^T H g by a difference of gradients along g."""
    theta = {n: p.detach() for n, p in prunable(net).items()}

    def gradient(at):
        at = {n: t.clone().requires_grad_() for n, t in at.items()}
        total = sum(loss_of(net, masks, x, y)(at) for x, y in zip(images.chunk(parts), labels.chunk(parts)))
        return dict(zip(at, torch.autograd.grad(total, list(at.values()))))

    g = gradient(theta)
    step = 1e-7 / max(v.abs().max() for v in g.values())
    up, down = (gradient({n: t + s * step * g[n] for n, t in theta.items()}) for s in (1, -1))
    found = sum((t * (up[n] - down[n])).sum() for n, t in theta.items()) / (2 * step)
    close("grasp: scores sum to theta^T H g", sum(s.sum() for s in scores.values()), found, 1e-5)


def prospr(net, masks, images, labels):
    """|dL(w_S)/dm| through steps of every learnt tensor with momentum."""
    m = {n: v.clone().requires_grad_() for n, v in masks.items()}
    w = {n: p.detach().clone().requires_grad_() for n, p in net.named_parameters()}
    w |= {n: w[n] * m[n] for n in m}

    def loss(at):
        own = {n: b.clone() for n, b in net.named_buffers()}
        net.train()
        logits = torch.func.functional_call(net, at | own, images)
        net.eval()
        return F.cross_entropy(logits, labels)

    velocity = {n: torch.zeros_like(v) for n, v in w.items()}
    for _ in range(STEPS):
        grads = torch.autograd.grad(loss(w), list(w.values()), create_graph=True)
        velocity = {n: MOMENTUM * velocity[n] + g for n, g in zip(w, grads)}
        w = {n: v - RATE * velocity[n] for n, v in w.items()}
    return {"scores": {n: g.abs() for n, g in zip(m, torch.autograd.grad(loss(w), list(m.values())))}}


def logsynflow(net, masks):
    """The modules with absolute parameters and every BatchNorm the identity."""
    net = copy.deepcopy(net)
    for module in list(net.modules()):
        for name, child in module.named_children():
            if isinstance(child, torch.nn.BatchNorm2d):
                setattr(module, name, torch.nn.Identity())
    weights = {n: (p.detach() * masks[n]).abs().requires_grad_() for n, p in prunable(net).items()}
    out = torch.func.functional_call(net, weights | {"fc.bias": net.fc.bias.detach().abs()}, torch.ones(1, 3, SIDE, SIDE).double())
    q = out.sum()
    grads = torch.autograd.grad(q, list(weights.values()))
    return {"Q": q.item(), "scores": {n: w.detach() * torch.log1p(g) for (n, w), g in zip(weights.items(), grads)}}


def px_release(net, masks, images):
    """|theta|^5 |d sum(z1 z2) / d theta^2|: the modules in train mode, ReLU replaced in the second by the identity."""
    z1 = torch.func.functional_call(copy.deepcopy(net).train(), {n: p * masks[n] for n, p in prunable(net).items()}, images).detach()
    squares = {n: p.detach() ** 2 for n, p in net.named_parameters() if "bn" not in n}
    edges = {n: squares[n].requires_grad_() for n in prunable(net)}
    relu, F.relu = F.relu, lambda x, inplace=False: x
    try:
        z2 = torch.func.functional_call(copy.deepcopy(net).train(), squares | {n: e * masks[n] for n, e in edges.items()}, images)
    finally:
        F.relu = relu
    grads = torch.autograd.grad((z1 * z2).sum(), list(edges.values()))
    return {"scores": {n: p.detach().abs() ** 5 * g.abs() for (n, p), g in zip(prunable(net).items(), grads)}}


def ntk_sap(net, masks, draws):
    net = copy.deepcopy(net)
    m = {n: v.clone().requires_grad_() for n, v in masks.items()}
    theta = {n: draws["weight"][n] * (2 / w[0].numel()) ** 0.5 for n, w in prunable(net).items()}
    moved = {n: t + EPSILON * draws["step"][n] for n, t in theta.items()}
    for bn in (b for b in net.modules() if isinstance(b, torch.nn.BatchNorm2d)):
        bn.momentum = 1.0
        torch.nn.init.ones_(bn.weight)
        torch.nn.init.zeros_(bn.bias)
        bn.reset_running_stats()
    net.train()
    with torch.no_grad():
        torch.func.functional_call(net, {n: t * masks[n] for n, t in theta.items()}, draws["images"])  # updates the buffers in place
    net.eval()
    before, after = (torch.func.functional_call(net, {n: t * m[n] for n, t in w.items()}, draws["images"]) for w in (theta, moved))
    loss = ((before - after) ** 2).sum()
    grads = torch.autograd.grad(loss, list(m.values()))
    return {"loss": loss.item(), "scores": {n: g.abs() * masks[n] for n, g in zip(m, grads)}}


def main():
    torch.set_num_threads(1)
    rng = np.random.default_rng(SEED)
    net, images, labels, half = draw(rng)
    before = {n: v.clone() for n, v in net.state_dict().items()}
    normal = lambda shape: torch.tensor(np.round(rng.normal(size=tuple(shape)) * 4096) / 4096)  # noqa: E731
    shapes = {n: w.shape for n, w in prunable(net).items()}
    draws = {"images": normal(images.shape), "weight": {n: normal(s) for n, s in shapes.items()}, "step": {n: normal(s) for n, s in shapes.items()}}
    cases = {}
    for name, masks in (("dense", {n: torch.ones_like(m) for n, m in half.items()}), ("masked", half)):
        cases[name] = {
            "grasp": grasp(net, masks, images, labels),
            "prospr": prospr(net, masks, images, labels),
            "logsynflow": logsynflow(net, masks),
            "px-release": px_release(net, masks, images),
            "ntk-sap": ntk_sap(net, masks, draws),
        }
        check_grasp(net, masks, images, labels, cases[name]["grasp"]["scores"])
    assert all(torch.equal(v, before[n]) for n, v in net.state_dict().items()), "scoring changed the network"
    fixture = {
        "about": "written by test/oracle/criteria.py; network, images, labels and masks as in resnet8.json",
        "settings": {"temperature": TEMPERATURE, "epsilon": EPSILON, "steps": STEPS, "rate": RATE, "momentum": MOMENTUM, "minibatches": 2, "classes": CLASSES, "torch": torch.__version__},
        "draws": plain(draws),
        "cases": plain(cases),
    }
    path = HERE / "criteria.json"
    path.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
