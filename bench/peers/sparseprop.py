"""SparseProp's convolutions (Nikdan et al., ICML 2023, github.com/IST-DASLab/sparseprop): forward and both gradients of
single layers with given masks.

    python bench/peers/sparseprop.py --threads 2 --batch 128 --copy COPY --layers layers.json

COPY is a folder with the package `sparseprop`, its compiled module `backend`, and scipy where Python has none of it:

    git clone https://github.com/IST-DASLab/sparseprop COPY && cd COPY && pip install --target . pybind11 scipy
    PYTHONPATH=. g++ -O3 -shared -std=c++17 -fPIC -march=native -fopenmp -ffast-math $(PYTHONPATH=. python -m pybind11 \\
        --includes) sparseprop/backend.cpp -o backend$(python -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')

Speaks the protocol of serve.py, with two formats a layer: '<name> batch' and '<name> width', after the axis that
SparseProp vectorises over. Layers are a list of { name, shape: { side, channels, filters, kernel, stride }, places },
the last of which are flat places of live weights in [filters, kernel, kernel, channels].
"""

import json
import os
import sys

from serve import answer, arguments

parser = arguments(__doc__.splitlines()[0], batch=128)
parser.add_argument("--copy", required=True, help="folder with sparseprop and its backend")
parser.add_argument("--layers", required=True, help="JSON file of layers")
options = parser.parse_args()
# its kernels take the threads of their own OpenMP, which reads this once
os.environ["OMP_NUM_THREADS"] = str(options.threads)
sys.path.insert(0, options.copy)

import torch  # noqa: E402
from sparseprop.modules import SparseConv2d  # noqa: E402

TOLERANCE = 1e-3


def dense_weight(shape, places):
    """The weight in PyTorch's order; values that are not 0, which to SparseProp is pruned."""
    f, k, c = shape["filters"], shape["kernel"], shape["channels"]
    flat = torch.zeros(f * k * k * c)
    flat[places] = torch.rand(len(places)) + 0.5
    return flat.view(f, k, k, c).permute(0, 3, 1, 2).contiguous()


def make_step(layer, over_width):
    shape = layer["shape"]
    weight, padding = dense_weight(shape, layer["places"]), shape["kernel"] // 2
    x = torch.randn(options.batch, shape["channels"], shape["side"], shape["side"], requires_grad=True)
    module = SparseConv2d(weight, padding=padding, stride=shape["stride"], vectorizing_over_on=over_width)
    expected = torch.nn.functional.conv2d(x, weight, stride=shape["stride"], padding=padding).detach()
    error = (module(x) - expected).abs().max() / expected.abs().max()
    assert error < TOLERANCE, f"{layer['name']}: SparseProp is {error:.1e} away from PyTorch"
    dy = torch.randn_like(expected)

    def step():
        torch.autograd.grad(module(x), [x, module.W_val], dy)
        return {}

    return step


torch.set_num_threads(options.threads)
torch.manual_seed(options.seed)
with open(options.layers) as file:
    layers = json.load(file)
steps = {}
for layer in layers:
    for over in ("batch", "width"):
        steps[f"{layer['name']} {over}"] = make_step(layer, over == "width")
        for _ in range(options.warmup):
            steps[f"{layer['name']} {over}"]()
answer(options, steps, {})
