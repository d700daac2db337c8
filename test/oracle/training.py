"""PyTorch's own losses, optimisers and schedules in float64, for test/train/oracle.test.ts.

    python test/oracle/training.py            # writes test/oracle/training.json
"""

import json
import pathlib

import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
torch.manual_seed(11)
torch.set_default_dtype(torch.float64)


def rounded(tensor):
    return [round(v, 12) for v in tensor.detach().flatten().tolist()]


def losses():
    """Mean cross-entropy and its gradient; logits stand with classes last, as ours do."""
    cases = []
    weight = [0.5, 2.0, 1.0, 0.25]
    for shape in ([6], [2, 3, 2]):
        logits = torch.randn(*shape, 4).mul(2).requires_grad_()
        labels = torch.randint(0, 4, shape)
        flat = labels.flatten()
        flat[1] = 255
        flat[4] = 255
        for options in (
            {},
            {"labelSmoothing": 0.1},
            {"classWeights": weight},
            {"ignore": 255},
            {"ignore": 255, "classWeights": weight, "labelSmoothing": 0.2},
        ):
            used = labels if "ignore" in options else labels.where(labels != 255, torch.tensor(2))
            loss = F.cross_entropy(
                logits.movedim(-1, 1) if len(shape) > 1 else logits,
                used,
                weight=torch.tensor(options["classWeights"]) if "classWeights" in options else None,
                ignore_index=options.get("ignore", -100),
                label_smoothing=options.get("labelSmoothing", 0.0),
            )
            (slope,) = torch.autograd.grad(loss, logits)
            cases.append(
                {
                    "options": options,
                    "shape": list(logits.shape),
                    "logits": rounded(logits),
                    "labels": used.flatten().tolist(),
                    "loss": loss.item(),
                    "slope": rounded(slope),
                }
            )
    return cases


def optimisers():
    """Five steps on sum((a w + b)^4) of two parameters; the second is a group of its own in some cases."""
    start = {"fc.weight": torch.randn(3), "fc.bias": torch.randn(2)}
    factors = {"fc.weight": torch.randn(3), "fc.bias": torch.randn(2)}
    rates = [0.1, 0.05, 0.2, 0.01, 0.1]
    cases = []
    makers = {
        "sgd": lambda groups, o: torch.optim.SGD(
            groups, lr=1, momentum=o["momentum"], nesterov=o["nesterov"], weight_decay=o["weightDecay"]
        ),
        "adam": lambda groups, o: torch.optim.Adam(
            groups, lr=1, betas=o["betas"], eps=o["epsilon"], weight_decay=o["weightDecay"]
        ),
        "adamW": lambda groups, o: torch.optim.AdamW(
            groups, lr=1, betas=o["betas"], eps=o["epsilon"], weight_decay=o["weightDecay"]
        ),
    }
    for name, options, group, clip in (
        ("sgd", {"momentum": 0.9, "nesterov": True, "weightDecay": 0.01}, None, None),
        ("sgd", {"momentum": 0.9, "nesterov": False, "weightDecay": 0.01}, {"rate": 0.1, "weightDecay": 0.0}, 0.5),
        ("adam", {"betas": [0.9, 0.999], "epsilon": 1e-8, "weightDecay": 0.01}, None, None),
        ("adamW", {"betas": [0.8, 0.99], "epsilon": 1e-6, "weightDecay": 0.1}, None, None),
        ("adamW", {"betas": [0.9, 0.999], "epsilon": 1e-8, "weightDecay": 0.1}, {"rate": 2.0, "weightDecay": 0.0}, 0.5),
    ):
        values = {k: v.clone().requires_grad_() for k, v in start.items()}
        own = {"factor": 1.0}
        groups = [{"params": [values["fc.weight"]]}, {"params": [values["fc.bias"]]}]
        if group is not None:
            own["factor"] = group["rate"]
            groups[1]["weight_decay"] = group["weightDecay"]
        optimiser = makers[name](groups, options)
        for rate in rates:
            optimiser.zero_grad()
            loss = sum(((factors[k] * values[k] + 0.5) ** 4).sum() for k in values)
            loss.backward()
            if clip is not None:
                torch.nn.utils.clip_grad_norm_(list(values.values()), clip)
            optimiser.param_groups[0]["lr"] = rate
            optimiser.param_groups[1]["lr"] = rate * own["factor"]
            optimiser.step()
        cases.append(
            {
                "name": name,
                "options": options,
                "group": group,
                "clip": clip,
                "rates": rates,
                "start": {k: rounded(v) for k, v in start.items()},
                "factors": {k: rounded(v) for k, v in factors.items()},
                "end": {k: rounded(v) for k, v in values.items()},
            }
        )
    return cases


def schedules():
    """Rates of ten epochs of three steps. Poly and cosine are stepped once a step."""
    steps, per_epoch = 30, 3
    out = {}
    for name, make in {
        "poly": lambda o: torch.optim.lr_scheduler.PolynomialLR(o, total_iters=steps, power=0.9),
        "cosine": lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=steps, eta_min=0.01),
        "multiStep": lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [4 * per_epoch, 7 * per_epoch]),
    }.items():
        optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.4)
        schedule = make(optimiser)
        rates = []
        for _ in range(steps):
            rates.append(optimiser.param_groups[0]["lr"])
            optimiser.step()
            schedule.step()
        out[name] = rates
    return out


if __name__ == "__main__":
    found = {"losses": losses(), "optimisers": optimisers(), "schedules": schedules()}
    (HERE / "training.json").write_text(json.dumps(found) + "\n")
