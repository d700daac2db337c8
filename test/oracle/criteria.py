"""Independent float64 reference for what px.py leaves out: GraSP, ProsPr, LogSynFlow, px-gated, the released PX and NTK-SAP; flows
without paths from biases; sums over two minibatches.

    python test/oracle/criteria.py            # checks itself, then writes test/oracle/criteria.json
    python test/oracle/criteria.py --check    # writes nothing: are these the numbers of the file? See px.py

The network, images, labels and masks are those of resnet8.json, drawn from the same seed; only scores, losses and the draws of NTK-SAP are
written, for test/prune/criteria-oracle.test.ts. GraSP sums g over two minibatches before H meets it. NTK-SAP runs the modules
themselves: weights set to the draw, one forward in train mode with momentum 1, two in eval mode.

cases: dense and masked, one minibatch (GraSP: two). without-bias and halves: masked only. halves: slopes added over the first and
the second half of the images, magnitude last; NTK-SAP's second half swaps the draws of weights and steps.

The peers of the benchmark (bench/peers/scores.py) must give the same scores; so this file also keeps them honest.
"""

import copy

import numpy as np
import torch
import torch.nn.functional as F
from px import CLASSES, HERE, SEED, SIDE, case, check_flow, close, draw, half_flow, loss_gradient, plain, prunable, px, settle

import scores as peers  # of bench/peers, which px.py put on the path
from model import flow, fold_norms, norm_of

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


def px_gated(net, masks, images, bias_paths=True):
    """One network with theta^2, x^2 and the gates of f: shares are value * dQ/dvalue, Q the sum of outputs over the images. A path
    counts with the square of what it adds to a logit, so the pool's 1 / area is squared too: the classifier carries the second.
    """
    norms, gates = fold_norms(net), []
    shifts = {n: t for n, (_, t) in norms.items()} | {"fc.weight": net.fc.bias.detach()}

    def folded(weights, power):
        return {n: w * masks[n] * (norms[n][0].view(-1, 1, 1, 1) ** power if n in norms else 1) for n, w in weights.items()}

    with torch.no_grad():
        flow(net, images, folded(prunable(net), 1), shifts, lambda _, z: gates.append((z > 0).double()) or z * gates[-1])
    w = {n: (p.detach() ** 2).requires_grad_() for n, p in prunable(net).items()}
    t = {n: (v**2 * bias_paths).requires_grad_() for n, v in shifts.items()}
    squares = folded(w, 2)
    squares["fc.weight"] = squares["fc.weight"] / (SIDE // 4) ** 2  # two strides of 2 before the pool
    q = flow(net, images**2, squares, t, lambda i, z: z * gates[i]).sum()
    grads = iter(torch.autograd.grad(q, [*w.values(), *t.values()]))
    return {
        "Q": q.item(),
        "scores": {n: v.detach() * next(grads) for n, v in w.items()},
        "constants": {norm_of(n) or "fc.bias": v.detach() * next(grads) for n, v in t.items()},
    }


def px_release_slopes(net, masks, images):
    """d sum(z1 z2) / d theta^2: the modules in train mode, ReLU replaced in the second by the identity."""
    z1 = torch.func.functional_call(copy.deepcopy(net).train(), {n: p * masks[n] for n, p in prunable(net).items()}, images).detach()
    squares = {n: p.detach() ** 2 for n, p in net.named_parameters() if "bn" not in n}
    edges = {n: squares[n].requires_grad_() for n in prunable(net)}
    relu, F.relu = F.relu, lambda x, inplace=False: x
    try:
        z2 = torch.func.functional_call(copy.deepcopy(net).train(), squares | {n: e * masks[n] for n, e in edges.items()}, images)
    finally:
        F.relu = relu
    return dict(zip(edges, torch.autograd.grad((z1 * z2).sum(), list(edges.values()))))


def px_release(net, *slopes):
    """|theta|^5 |sum of slopes|."""
    return {"scores": {n: p.detach().abs() ** 5 * sum(g[n] for g in slopes).abs() for n, p in prunable(net).items()}}


def ntk_sap_slopes(net, masks, draws):
    """The summed squared response to the step, and its d/dm."""
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
    return loss.item(), dict(zip(m, torch.autograd.grad(loss, list(m.values()))))


def ntk_sap(masks, *slopes):
    return {"scores": {n: sum(g[n] for g in slopes).abs() * masks[n] for n in masks}}


def without_bias(net, masks, images):
    found = {
        "px": px(net, masks, images, bias_paths=False),
        "px-gated": px_gated(net, masks, images, bias_paths=False),
        "synflow": half_flow(net, masks, 1, bias_paths=False),
        "synflow-l2": half_flow(net, masks, 2, bias_paths=False),
    }
    for name, result in found.items():
        print(f"{name} without paths from biases")
        check_flow(net, masks, result)
        close("first conv = Q", result["scores"]["conv.weight"].sum(), result["Q"])
    return {name: {"Q": result["Q"], "scores": result["scores"]} for name, result in found.items()}


def halves(net, masks, images, labels, draws):
    theta = {n: p.detach() for n, p in prunable(net).items()}
    losses = [loss_gradient(net, masks, x, y, train=True)[2] for x, y in zip(images.chunk(2), labels.chunk(2))]
    first, second = draws["images"].chunk(2)
    swapped = {"images": second, "weight": draws["step"], "step": draws["weight"]}
    responses = [ntk_sap_slopes(net, masks, d)[1] for d in (draws | {"images": first}, swapped)]
    return {
        "snip": {"scores": {n: (t * masks[n] * sum(g[n] for g in losses)).abs() for n, t in theta.items()}},
        "force": {"scores": {n: (t * sum(g[n] for g in losses)).abs() for n, t in theta.items()}},
        "px-release": px_release(net, *(px_release_slopes(net, masks, x) for x in images.chunk(2))),
        "ntk-sap": ntk_sap(masks, *responses),
    }


def check_peers(net, masks, images, labels, draws, expected):
    """scores.py, which has no paths from biases to leave out."""
    given = iter([*draws["weight"].values(), draws["images"], *draws["step"].values()])
    for name, method in peers.METHODS.items():
        if name == "random":
            continue
        options = {"draw": lambda _: next(given)} if name == "ntk-sap" else {}
        found = method.score(net, masks, images, labels, **options)
        for n, v in expected["force" if name == "force" else "snip" if name == "itersnip" else name]["scores"].items():
            close(f"peer {name}: {n}", found[n] * (masks[n] if name == "magnitude" else 1), v)


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
        loss, response = ntk_sap_slopes(net, masks, draws)
        gated = px_gated(net, masks, images)
        cases[name] = {
            "grasp": grasp(net, masks, images, labels),
            "prospr": prospr(net, masks, images, labels),
            "logsynflow": logsynflow(net, masks),
            "px-gated": {"Q": gated["Q"], "scores": gated["scores"]},
            "px-release": px_release(net, px_release_slopes(net, masks, images)),
            "ntk-sap": {"loss": loss, **ntk_sap(masks, response)},
        }
        check_grasp(net, masks, images, labels, cases[name]["grasp"]["scores"])
        check_flow(net, masks, gated)
        whole = {"grasp": grasp(net, masks, images, labels, parts=1)}
        check_peers(net, masks, images, labels, draws, case(net, masks, images, labels) | cases[name] | whole)
    without, added = without_bias(net, half, images), halves(net, half, images, labels, draws)
    assert all(torch.equal(v, before[n]) for n, v in net.state_dict().items()), "scoring changed the network"
    fixture = {
        "about": "written by test/oracle/criteria.py; network, images, labels and masks as in resnet8.json",
        "settings": {"temperature": TEMPERATURE, "epsilon": EPSILON, "steps": STEPS, "rate": RATE, "momentum": MOMENTUM, "minibatches": 2, "classes": CLASSES, "torch": torch.__version__},
        "draws": plain(draws),
        "cases": plain(cases),
        "without-bias": plain(without),
        "halves": plain(added),
    }
    settle(HERE / "criteria.json", fixture)


if __name__ == "__main__":
    main()
