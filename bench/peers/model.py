"""ResNet for CIFAR (He et al. 2015, section 4.2) in plain torch.nn: the peer of pathex's ResNet-20.

State-dict names: conv, bn, blocks.{i}.{conv1,bn1,conv2,bn2}, blocks.{i}.shortcut.{0,1} (1x1 conv and
BatchNorm, only where the shape changes) and fc.
"""

import torch
import torch.nn.functional as F
from torch import nn


def conv3x3(c_in, c_out, stride=1):
    return nn.Conv2d(c_in, c_out, 3, stride, padding=1, bias=False)


class Block(nn.Module):
    """Two 3x3 convolutions and a skip: the identity, or a projection where the shape changes."""

    def __init__(self, c_in, c_out, stride):
        super().__init__()
        self.conv1, self.bn1 = conv3x3(c_in, c_out, stride), nn.BatchNorm2d(c_out)
        self.conv2, self.bn2 = conv3x3(c_out, c_out), nn.BatchNorm2d(c_out)
        self.shortcut = None
        if stride != 1 or c_in != c_out:
            self.shortcut = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        y += x if self.shortcut is None else self.shortcut(x)
        return F.relu(y, inplace=True)


class ResNet(nn.Module):
    """depth = 6n + 2: three stages of n blocks, of width, 2 width and 4 width channels.

    Kaiming-normal (fan-in) weights, BatchNorm at 1 and 0, fc bias at torch's default.
    """

    def __init__(self, depth=20, width=16, classes=10):
        super().__init__()
        n = (depth - 2) // 6
        assert depth == 6 * n + 2, f"ResNet: depth must be 6n + 2: {depth}"
        self.conv, self.bn = conv3x3(3, width), nn.BatchNorm2d(width)
        blocks, c_in = [], width
        for i in range(3 * n):
            c_out = width << (i // n)
            blocks.append(Block(c_in, c_out, stride=1 if c_out == c_in else 2))
            c_in = c_out
        self.blocks = nn.Sequential(*blocks)
        self.fc = nn.Linear(c_in, classes)
        for weight in prunable(self).values():
            nn.init.kaiming_normal_(weight)

    def forward(self, x):
        x = F.relu(self.bn(self.conv(x)), inplace=True)
        x = self.blocks(x)
        return self.fc(x.mean((2, 3)))


def prunable(net):
    """The weights that are ranked: every convolution and the classifier, by state-dict name."""
    return {name: p for name, p in net.named_parameters() if p.dim() > 1}


def norm_of(name):
    """Name of the BatchNorm that follows the convolution with this weight; None for the classifier."""
    layer = name.removesuffix(".weight")
    if layer == "fc":
        return None
    return layer[:-1] + "1" if "shortcut" in layer else layer.replace("conv", "bn")


def fold_norms(net):
    """Eval-mode BatchNorm as y = scale x + shift, per channel: {weight name: (scale, shift)}."""
    modules, folded = dict(net.named_modules()), {}
    for name in prunable(net):
        if (bn := modules.get(norm_of(name))) is not None:
            scale = bn.weight.detach() / torch.sqrt(bn.running_var + bn.eps)
            folded[name] = (scale, bn.bias.detach() - scale * bn.running_mean)
    return folded


def flow(net, x, weights, biases, relu):
    """The network's wiring with other numbers: `weights` and `biases` by weight name, BatchNorm folded into
    both, and `relu(i, z)` in the place of the i-th ReLU. It may overwrite z.
    """
    calls = 0

    def conv(name, x, module):
        return F.conv2d(x, weights[name], biases[name], module.stride, module.padding)

    def act(z):
        nonlocal calls
        calls += 1
        return relu(calls - 1, z)

    x = act(conv("conv.weight", x, net.conv))
    for i, block in enumerate(net.blocks):
        at = f"blocks.{i}."
        y = act(conv(at + "conv1.weight", x, block.conv1))
        y = conv(at + "conv2.weight", y, block.conv2)
        y += x if block.shortcut is None else conv(at + "shortcut.0.weight", x, block.shortcut[0])
        x = act(y)
    return F.linear(x.mean((2, 3)), weights["fc.weight"], biases["fc.weight"])
