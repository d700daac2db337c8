"""PX by brute force: the network as a list of scalar edges, every quantity a sum over paths (methods.md 3.1-3.3).

No convolution and no automatic differentiation occurs here, which is what makes it a check of px.py.
A path runs from an image coordinate, or from the constant 1, to a logit. Every edge carries one parameter (or the
constant 1), a node may be gated, and a node's value is the sum of its incoming edges: by distributivity the sum over
all paths that end there.
"""

import numpy as np


class Graph:
    """values: flat parameter vector; index[name]: where a tensor lies in it. Edges are (dst, src, parameter).

    Nodes are numbered in topological order: 0 is the constant 1, then the image. fixed[dst, src]: a constant factor
    c of an edge (average pooling). PX splits it into sqrt(c) sqrt(c), whose squares are c in either net: c everywhere.
    """

    def __init__(self, tensors):
        self.index, self.edges, self.gated, self.fixed = {}, [], [], {}
        parts, at = [np.ones(1)], 1  # parameter 0 is the constant 1
        for name, tensor in tensors.items():
            self.index[name] = np.arange(at, at + tensor.size).reshape(tensor.shape)
            parts.append(tensor.ravel())
            at += tensor.size
        self.values = np.concatenate(parts)
        self.count = 1

    def nodes(self, *shape):
        start, self.count = self.count, self.count + int(np.prod(shape))
        return np.arange(start, self.count).reshape(shape)

    def conv_norm(self, x, name, stride, skip=None, gate=True):
        """scale (w * x) + shift, plus a unit edge from each node of `skip`; then a gate."""
        w, s, t = (self.index[f"{name}.{part}"] for part in ("weight", "scale", "shift"))
        rows, channels, k, _ = w.shape
        height, width = ((n - 1) // stride + 1 for n in x.shape[1:])
        raw, out = self.nodes(rows, height, width), self.nodes(rows, height, width)
        for o, i, j in np.ndindex(raw.shape):
            for c, a, b in np.ndindex(channels, k, k):
                y, z = i * stride + a - k // 2, j * stride + b - k // 2
                if 0 <= y < x.shape[1] and 0 <= z < x.shape[2]:
                    self.edges.append((raw[o, i, j], x[c, y, z], w[o, c, a, b]))
            self.edges += [(out[o, i, j], raw[o, i, j], s[o]), (out[o, i, j], 0, t[o])]
            if skip is not None:
                self.edges.append((out[o, i, j], skip[o, i, j], 0))
        if gate:
            self.gated += list(out.ravel())
        return out

    def forward(self, image, values, gates):
        """Node values and the open nodes. gates: a set of open nodes, or "relu" to decide by sign, or "open"."""
        node = np.zeros(self.count)
        node[0] = 1
        node[1 : 1 + image.size] = image.ravel()
        gated, opened = set(self.gated), set()
        by_dst = sorted(self.edges)
        for at, (dst, src, p) in enumerate(by_dst):
            node[dst] += values[p] * self.fixed.get((dst, src), 1) * node[src]
            if at + 1 == len(by_dst) or by_dst[at + 1][0] != dst:
                if dst in gated and gates != "open":
                    if node[dst] > 0 if gates == "relu" else dst in gates:
                        opened.add(dst)
                    else:
                        node[dst] = 0
        return node, opened

    def backward(self, node, values, upstream):
        """d (sum of upstream * logits) / d parameter with every gate open."""
        cotangent, grad = np.zeros(self.count), np.zeros_like(values)
        for n, v in upstream.items():
            cotangent[n] = v
        for dst, src, p in sorted(self.edges, reverse=True):
            c = self.fixed.get((dst, src), 1)
            grad[p] += cotangent[dst] * c * node[src]
            cotangent[src] += cotangent[dst] * c * values[p]
        return grad


def resnet(tensors, image_shape, blocks):
    """tensors: {layer}.weight, and {layer}.scale and .shift of the folded norm behind it; fc.weight, fc.bias."""
    g = Graph(tensors)
    x = g.nodes(*image_shape)
    x = g.conv_norm(x, "conv", 1)
    for i in range(blocks):
        projected = f"blocks.{i}.shortcut.0.weight" in g.index
        stride = 2 if projected else 1
        skip = g.conv_norm(x, f"blocks.{i}.shortcut.0", stride, gate=False) if projected else x
        y = g.conv_norm(x, f"blocks.{i}.conv1", stride)
        x = g.conv_norm(y, f"blocks.{i}.conv2", 1, skip)
    w, b = g.index["fc.weight"], g.index["fc.bias"]
    pooled, logits = g.nodes(x.shape[0]), g.nodes(w.shape[0])
    for c, i, j in np.ndindex(x.shape):
        g.edges.append((pooled[c], x[c, i, j], 0))
        g.fixed[pooled[c], x[c, i, j]] = 1 / x[c].size
    for k, c in np.ndindex(w.shape):
        g.edges.append((logits[k], pooled[c], w[k, c]))
    g.edges += [(logits[k], 0, b[k]) for k in range(len(logits))]
    return g, logits


def px(tensors, masks, images, blocks):
    """Logits, Abar, H1, Q and the scores of every tensor (scales too), by sums over paths."""
    masked = {n: t * masks.get(n, 1) for n, t in tensors.items()}
    g, logits = resnet(masked, images[0].shape, blocks)
    alive = np.concatenate([[1]] + [np.broadcast_to(masks.get(n, 1), t.shape).ravel() for n, t in tensors.items()])
    outputs, abar = [], 0
    for image in images:
        node, opened = g.forward(image, g.values, "relu")
        outputs.append(node[logits])
        abar = abar + g.forward(image**2, alive, opened)[0][logits]
    squares = g.values**2
    node, _ = g.forward(np.ones_like(images[0]), squares, "open")
    share = squares * g.backward(node, squares, dict(zip(logits, abar)))
    h1 = node[logits]
    return np.array(outputs), abar, h1, abar @ h1, {n: share[i] for n, i in g.index.items()}
