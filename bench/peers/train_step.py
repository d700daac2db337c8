"""One whole training step of ResNet-20 in eager PyTorch: forward, cross-entropy, backward, SGD.

    python bench/peers/train_step.py --threads 2 --batch 128

Speaks the protocol of serve.py. The batch is random and stays the same; reading data is not timed.
"""

import torch
import torch.nn.functional as F

from model import ResNet
from serve import arguments, serve

options = arguments(__doc__.splitlines()[0], batch=128).parse_args()


def make_step(memory_format):
    net = ResNet().to(memory_format=memory_format).train()
    sgd = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    x = torch.randn(options.batch, 3, 32, 32).contiguous(memory_format=memory_format)
    y = torch.randint(10, (options.batch,))

    def step():
        loss = F.cross_entropy(net(x), y)
        sgd.zero_grad(set_to_none=True)
        loss.backward()
        sgd.step()
        return {"loss": loss.item()}

    return step


serve(options, make_step)
