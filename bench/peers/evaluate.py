"""The forward pass of ResNet-20 for inference in PyTorch: BatchNorm by its stored statistics, no gradients.

    python bench/peers/evaluate.py --threads 2 --batch 128 --modes eager,compile
    python bench/peers/evaluate.py --threads 2 --batch 1 --modes eager,compile

Speaks the protocol of serve.py; a step is one batch, whose loss and correct answers are summed as pathex's evaluation
does; with `--answers` it is the answers alone. The batch is random and stays the same.
"""

import torch
import torch.nn.functional as F

from model import ResNet
from serve import arguments, serve

parser = arguments(__doc__.splitlines()[0], batch=128, modes="eager,compile")
parser.add_argument("--answers", action="store_true", help="no loss: what a served network computes")
options = parser.parse_args()


def make_step(memory_format, mode):
    net = ResNet().to(options.device, memory_format=memory_format).eval()
    x = torch.randn(options.batch, 3, 32, 32).to(options.device, memory_format=memory_format)
    y = torch.randint(10, (options.batch,)).to(options.device)

    @mode.compiled
    def measure():
        answers = net(x)
        if options.answers:
            return answers[0, 0]
        return F.cross_entropy(answers, y, reduction="sum"), (answers.argmax(1) == y).sum()

    def step():
        with torch.inference_mode():
            return {"result": measure() if options.answers else measure()[0]}

    return step


serve(options, make_step)
