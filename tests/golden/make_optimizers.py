"""Writes optimizers.json: five numbers after ten steps of PyTorch's optimizers on given gradients.

Run with a Python that has PyTorch: python tests/golden/make_optimizers.py > tests/golden/optimizers.json
"""

import json
import math

import torch

START = [1.0, -2.0, 0.5, 0.0, 3.0]


def gradient(step):
    return [math.sin(1.0 + 3 * step + n) * (n + 1) for n in range(5)]


def run(make):
    p = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = make([p])
    for step in range(10):
        p.grad = torch.tensor(gradient(step), dtype=torch.float64)
        optimizer.step()
    return p.tolist()


o = torch.optim
print(json.dumps({
    "torch": torch.__version__,
    "sgd": run(lambda p: o.SGD(p, lr=0.1, weight_decay=0.02)),
    "momentum": run(lambda p: o.SGD(p, lr=0.1, momentum=0.9)),
    "rmsprop": run(lambda p: o.RMSprop(p, lr=0.01, alpha=0.99, eps=1e-8)),
    "adam": run(lambda p: o.Adam(p, lr=0.01, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.02)),
    "adamw": run(lambda p: o.AdamW(p, lr=0.01, betas=(0.8, 0.99), eps=1e-8, weight_decay=0.1)),
}, indent=1))
