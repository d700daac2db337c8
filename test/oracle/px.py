"""Independent float64 reference for the scoring methods, on one small residual network.

    python test/oracle/px.py            # checks itself, then writes test/oracle/resnet8.json
    python test/oracle/px.py --check    # writes nothing: are these the numbers of the file?

Needs torch and numpy. The file is what test/prune/oracle.test.ts compares pathex's `reference` device with. On one machine
the bytes are the same every time; on another the last digits of sums differ, hence --check allows 1e-12 of the
largest number of a tensor. Formulas: PX and SynFlow-L2 in their flow form, BatchNorm folded, paths through biases and
shifts counted; SynFlow on |weights|, |scale| and |shift| with an all-ones image; SNIP |theta m dL/dw| at w = m theta,
sum first and absolute value last, not divided by the total, with BatchNorm in train mode ("snip") and in eval mode
("snip-eval"); "force" is "snip" without the mask on the gradient, |theta dL/dw|.

The network is the benchmark's ResNet at depth 8 and width 4 on 8x8 images. All numbers of weights, buffers and
images are multiples of 2^-12 and below 8, so float32 and float64 hold the same network.
"""

import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "bench" / "peers"))

import edges  # noqa: E402
from model import ResNet, flow, fold_norms, norm_of, prunable  # noqa: E402

SEED, BATCH, SIDE, CLASSES = 20, 6, 8, 10


def draw(rng):
    """Network, images, labels and a mask of half of all prunable weights."""

    def grid(values):
        q = np.round(np.asarray(values) * 4096) / 4096
        return torch.tensor(np.where(q == 0, 1 / 4096, q))  # a zero weight would be a second kind of masked one

    net = ResNet(depth=8, width=4, classes=CLASSES).double()
    with torch.no_grad():
        for name, w in prunable(net).items():
            w.copy_(grid(rng.normal(size=w.shape) * np.sqrt(2 / w[0].numel())))
        for bn in (m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)):
            c = bn.num_features
            bn.weight.copy_(grid(rng.uniform(0.5, 1.5, c) * np.where(rng.random(c) < 0.2, -1, 1)))
            bn.bias.copy_(grid(rng.normal(size=c) * 0.3))
            bn.running_mean.copy_(grid(rng.normal(size=c) * 0.3))
            bn.running_var.copy_(grid(rng.uniform(0.5, 2, c)))
        net.fc.bias.copy_(grid(rng.normal(size=CLASSES) * 0.3))
    images = grid(rng.normal(size=(BATCH, 3, SIDE, SIDE)))
    labels = torch.tensor(rng.integers(CLASSES, size=BATCH))
    total = sum(w.numel() for w in prunable(net).values())
    flat = torch.tensor(rng.permutation(total) < total // 2).double()
    parts = flat.split([w.numel() for w in prunable(net).values()])
    return net.eval(), images, labels, {n: m.view_as(w) for (n, w), m in zip(prunable(net).items(), parts)}


def half_flow(net, masks, power, upstream=None, bias_paths=True):
    """The open network on one all-ones image with |.|^power of weights, scales and shifts: SynFlow (1) and, with
    the square, SynFlow-L2 and PX's H1. Q = sum upstream * outputs (default: ones); shares are value * dQ/dvalue.
    Without bias paths, shifts are 0 here and in H2, though not in the network whose gates H2 has.
    """
    norms = fold_norms(net)
    w = {n: p.detach().abs().pow(power).requires_grad_() for n, p in prunable(net).items()}
    shifts = {n: t for n, (_, t) in norms.items()} | {"fc.weight": net.fc.bias.detach()}
    t = {n: (v.abs().pow(power) * bias_paths).requires_grad_() for n, v in shifts.items()}
    scale = {n: s.abs().pow(power).view(-1, 1, 1, 1) for n, (s, _) in norms.items()}
    folded = {n: v * masks[n] * scale.get(n, 1) for n, v in w.items()}
    out = flow(net, torch.ones(1, 3, SIDE, SIDE).double(), folded, t, lambda _, z: z)[0]
    q = out.sum() if upstream is None else (out * upstream).sum()
    grads = iter(torch.autograd.grad(q, [*w.values(), *t.values()]))
    return {
        "Q": q.item(),
        "outputs": out.detach(),
        "scores": {n: v.detach() * next(grads) for n, v in w.items()},
        "constants": {norm_of(n) or "fc.bias": v.detach() * next(grads) for n, v in t.items()},
    }


@torch.no_grad()
def activation(net, masks, images, bias_paths=True):
    """Logits of f in eval mode, and H2 per image: x^2, ones for weights and shifts, the gates of f."""
    norms, gates = fold_norms(net), []
    weights = {n: p * masks[n] for n, p in prunable(net).items()}
    folded = {n: w * norms[n][0].view(-1, 1, 1, 1) if n in norms else w for n, w in weights.items()}
    shifts = {n: t for n, (_, t) in norms.items()} | {"fc.weight": net.fc.bias}

    def record(_, z):
        gates.append((z > 0).double())
        return z * gates[-1]

    logits = flow(net, images, folded, shifts, record)
    h2 = flow(net, images**2, masks, {n: torch.full_like(t, bias_paths) for n, t in shifts.items()}, lambda i, z: z * gates[i])
    return logits, h2


def px(net, masks, images, bias_paths=True):
    abar = activation(net, masks, images, bias_paths)[1].sum(0)
    result = half_flow(net, masks, 2, abar, bias_paths)
    return {"Q": result["Q"], "Abar": abar, "H1": result["outputs"], **{k: result[k] for k in ("scores", "constants")}}


def loss_gradient(net, masks, images, labels, train):
    """Logits, loss and dL/dw at w = m theta. Running statistics stay as they are."""
    w = {n: (p.detach() * masks[n]).requires_grad_() for n, p in prunable(net).items()}
    buffers = {n: b.clone() for n, b in net.named_buffers()}
    net.train(train)
    logits = torch.func.functional_call(net, w | buffers, images)
    net.eval()
    loss = F.cross_entropy(logits, labels)
    return logits.detach(), loss.item(), dict(zip(w, torch.autograd.grad(loss, list(w.values()))))


def case(net, masks, images, labels):
    theta = {n: p.detach() for n, p in prunable(net).items()}
    train, loss, grad = loss_gradient(net, masks, images, labels, train=True)
    evaluated, eval_loss, eval_grad = loss_gradient(net, masks, images, labels, train=False)
    return {
        "logits": {"eval": evaluated, "train": train},
        "px": px(net, masks, images),
        "synflow": half_flow(net, masks, 1),
        "synflow-l2": half_flow(net, masks, 2),
        "snip": {"loss": loss, "scores": {n: (t * masks[n] * grad[n]).abs() for n, t in theta.items()}},
        "snip-eval": {"loss": eval_loss, "scores": {n: (t * masks[n] * eval_grad[n]).abs() for n, t in theta.items()}},
        "force": {"loss": loss, "scores": {n: (t * grad[n]).abs() for n, t in theta.items()}},
        "magnitude": {"scores": {n: (t * masks[n]).abs() for n, t in theta.items()}},
    }


# Checks. Every one raises on failure and prints what it found.


def close(what, a, b, tolerance=1e-11):
    a, b = np.asarray(a), np.asarray(b)
    error = np.max(np.abs(a - b)) / max(np.max(np.abs(b)), 1e-300)
    assert error < tolerance, f"{what}: relative error {error:.1e}"
    print(f"  {what}: {error:.1e}")


def check_flow(net, masks, result):
    """Conservation over cuts and per hidden channel (methods.md 3.7.2, 3.7.3), signs and zeros (3.7.1)."""
    s, c, q = result["scores"], result["constants"], result["Q"]
    total = {n: v.sum().item() for n, v in (s | c).items()}
    close("fc weights + bias = Q", total["fc.weight"] + total["fc.bias"], q)
    close("first conv + all constants = Q", total["conv.weight"] + sum(v.sum().item() for v in c.values()), q)
    for i, block in enumerate(net.blocks):
        at = f"blocks.{i}."
        incoming = s[at + "conv1.weight"].sum((1, 2, 3)) + c[at + "bn1"]
        close(at + "conv1 + bn1 = conv2, per channel", incoming, s[at + "conv2.weight"].sum((0, 2, 3)))
        if block.shortcut is not None:
            later = sum(total[n] for n in c if n == "fc.bias" or n.startswith("blocks") and n >= at)
            crossing = total[at + "conv1.weight"] + total[at + "shortcut.0.weight"]
            close(at + "conv1 + shortcut + later constants = Q", crossing + later, q)
    for name, v in s.items():
        assert (v >= 0).all(), f"{name}: negative score"
        assert (v[masks[name] == 0] == 0).all(), f"{name}: masked weight has a score"


def check_bound(net, masks, images):
    """sum over samples and outputs of (df/dtheta)^2 <= dQ/dtheta^2 for every weight (3.7.4)."""
    scores, tightest, trace, share = px(net, masks, images)["scores"], 0, 0, 0
    names, theta = list(prunable(net)), [p.detach().clone().requires_grad_() for p in prunable(net).values()]
    w = {n: t * masks[n] for n, t in zip(names, theta)}
    logits = torch.func.functional_call(net, w, images)
    squared = [torch.zeros_like(t) for t in theta]
    for out in logits.flatten():
        for total, g in zip(squared, torch.autograd.grad(out, theta, retain_graph=True)):
            total += g**2
    for n, t, j in zip(names, theta, squared):
        bound = scores[n] / t.detach() ** 2
        assert (j <= bound * (1 + 1e-12)).all(), f"{n}: Jacobian exceeds the bound"
        live = bound > 0
        tightest = max(tightest, (j[live] / bound[live]).max().item())
        trace, share = trace + j.sum().item(), share + bound.sum().item()
    print(f"  squared Jacobian <= bound: largest ratio {tightest:.2g}; trace {trace:.3g} <= {share:.3g}")


def check_paths(net, masks, images):
    """Against the edge list of edges.py."""
    norms, tensors = fold_norms(net), {}
    for name, w in prunable(net).items():
        tensors[name] = w.detach().numpy()
        if name in norms:
            layer = name.removesuffix(".weight")
            tensors[layer + ".scale"], tensors[layer + ".shift"] = (v.numpy() for v in norms[name])
    tensors["fc.bias"] = net.fc.bias.detach().numpy()
    numpy_masks = {n: m.numpy() for n, m in masks.items()}
    logits, abar, h1, q, shares = edges.px(tensors, numpy_masks, images.numpy(), len(net.blocks))
    ours = px(net, masks, images)
    close("paths: logits", activation(net, masks, images)[0], logits)
    close("paths: Abar", ours["Abar"], abar)
    close("paths: H1", ours["H1"], h1)
    close("paths: Q", ours["Q"], q)
    for n, v in ours["scores"].items():
        close(f"paths: scores of {n}", v, shares[n])
    constants = {norm_of(n): shares[n.removesuffix("weight") + "shift"] for n in norms} | {"fc.bias": shares["fc.bias"]}
    for n, v in ours["constants"].items():
        close(f"paths: constants of {n}", v, constants[n])


def check(net, masks, images, result, dense):
    close("logits: folded = modules", activation(net, masks, images)[0], result["logits"]["eval"])
    for method in ("px", "synflow", "synflow-l2"):
        print(method)
        check_flow(net, masks, result[method])
    if dense:  # methods.md 3.9: with a dense classifier all Abar are equal, so data cannot change the ranking
        for n, v in result["synflow-l2"]["scores"].items():
            close(f"px = Abar synflow-l2: {n}", v * result["px"]["Abar"][0], result["px"]["scores"][n])
    check_bound(net, masks, images[:2])
    check_paths(net, masks, images[:2])


def plain(value):
    """JSON: tensors as flat lists in row-major PyTorch layout, with the shortest digits that read back the same."""
    if isinstance(value, torch.Tensor):
        flat = value.detach().flatten().tolist()
        return [int(v) if float(v).is_integer() and abs(v) < 2**53 else v for v in flat]
    return {k: plain(v) for k, v in value.items()} if isinstance(value, dict) else value


def compare(found, committed, at):
    """Raises where a number differs by more than 1e-12 of the largest of its list; returns the largest difference."""
    if isinstance(found, dict):
        assert found.keys() == committed.keys(), f"{at}: {sorted(found)} is not {sorted(committed)}"
        return max((compare(found[k], committed[k], f"{at}.{k}") for k in found), default=0)
    if isinstance(found, str):
        return 0
    a, b = np.atleast_1d(found), np.atleast_1d(committed)
    assert a.shape == b.shape, f"{at}: {a.shape} is not {b.shape}"
    error = np.max(np.abs(a - b)) / max(np.max(np.abs(b)), 1e-300)
    assert error < 1e-12, f"{at}: differs from the file by {error:.1e}"
    return error


def settle(path, fixture):
    """Writes the fixture, or with --check compares it with the file."""
    if sys.argv[1:] == ["--check"]:
        print(f"{path.name}: the same to {compare(fixture, json.loads(path.read_text()), path.stem):.1e}")
        return
    path.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


def main():
    torch.set_num_threads(1)  # one order of summation: the same bytes every time
    net, images, labels, half = draw(np.random.default_rng(SEED))
    ones = {n: torch.ones_like(m) for n, m in half.items()}
    before = {n: v.clone() for n, v in net.state_dict().items()}
    cases = {}
    for name, masks in (("dense", ones), ("masked", half)):
        print(f"== {name}")
        cases[name] = case(net, masks, images, labels)
        check(net, masks, images, cases[name], dense=name == "dense")
    assert all(torch.equal(v, before[n]) for n, v in net.state_dict().items()), "scoring changed the network"

    buffers = {n: b for n, b in net.named_buffers() if b.dim() > 0}
    fixture = {
        "about": "written by test/oracle/px.py; tensors flat, row-major, PyTorch layout (OIHW, NCHW)",
        "network": {"depth": 8, "width": 4, "classes": CLASSES, "eps": 1e-5, "seed": SEED, "torch": torch.__version__},
        "shapes": {n: list(t.shape) for n, t in (dict(net.named_parameters()) | buffers | {"images": images}).items()},
        "parameters": plain(dict(net.named_parameters())),
        "buffers": plain(buffers),
        "images": plain(images),
        "labels": plain(labels),
        "masks": plain(half),
        "cases": plain(cases),
    }
    settle(HERE / "resnet8.json", fixture)


if __name__ == "__main__":
    main()
