"""Makes the golden numbers beside this file with PyTorch itself.

    pip install torch==2.13.0 numpy
    python tests/golden/make.py

One file a cell: random float64 parameters, input, first state and cotangents of a stack of two layers; what
torch.nn.LSTM / GRU / RNN makes of them; every gradient; and for the first 1-layer network of it the adjoint of h_t
(and c_t) at every step, from torch.nn.LSTMCell / GRUCell / RNNCell unrolled by hand with retain_grad.
"""

import json
import pathlib

import torch

T, B, I, H, LAYERS = 6, 3, 4, 5, 2
torch.set_default_dtype(torch.float64)


def numbers(tensor):
    return {"shape": list(tensor.shape), "data": tensor.detach().flatten().tolist()}


def adjoints(kind, layer, x, cotangent):
    """The total derivative of sum(cotangent * output) with respect to every state of the first layer."""
    cell = {"lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell, "rnn": torch.nn.RNNCell}[kind](I, H)
    with torch.no_grad():
        for name in ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]:
            getattr(cell, name).copy_(getattr(layer, name + "_l0"))
    h, c = torch.zeros(B, H), torch.zeros(B, H)
    hs, cs = [], []
    for t in range(T):
        if kind == "lstm":
            h, c = cell(x[t], (h, c))
            c.retain_grad()
            cs.append(c)
        else:
            h = cell(x[t], h)
        h.retain_grad()
        hs.append(h)
    (torch.stack(hs) * cotangent).sum().backward()
    found = {"total_h": numbers(torch.stack([h.grad for h in hs]))}
    if cs:
        found["total_c"] = numbers(torch.stack([c.grad for c in cs]))
    return found


def make(kind, seed):
    torch.manual_seed(seed)
    layer = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[kind](I, H, LAYERS)
    x = torch.randn(T, B, I, requires_grad=True)
    h0 = torch.randn(LAYERS, B, H, requires_grad=True)
    c0 = torch.randn(LAYERS, B, H, requires_grad=True)
    cotangent = torch.randn(T, B, H)
    if kind == "lstm":
        output, (h_n, c_n) = layer(x, (h0, c0))
    else:
        output, h_n = layer(x, h0)
    (output * cotangent).sum().backward()
    given = {name: numbers(p) for name, p in layer.named_parameters()}
    given |= {"input": numbers(x), "h0": numbers(h0), "cotangent": numbers(cotangent)}
    expected = {"output": numbers(output), "h_n": numbers(h_n)}
    expected |= {f"grad.{name}": numbers(p.grad) for name, p in layer.named_parameters()}
    expected |= {"grad.input": numbers(x.grad), "grad.h0": numbers(h0.grad)}
    if kind == "lstm":
        given["c0"] = numbers(c0)
        expected |= {"c_n": numbers(c_n), "grad.c0": numbers(c0.grad)}
    expected |= adjoints(kind, layer, x.detach(), cotangent)
    return {"torch": torch.__version__, "given": given, "expected": expected}


for seed, kind in enumerate(["rnn", "lstm", "gru"]):
    path = pathlib.Path(__file__).with_name(f"{kind}.json")
    path.write_text(json.dumps(make(kind, seed), indent=0) + "\n")
    print(path, path.stat().st_size)
