"""Makes the golden numbers beside this file with PyTorch itself.

    pip install torch==2.13.0 numpy
    python tests/golden/make.py

One file a cell: random float64 parameters, input, first state and cotangents of a stack of two layers; what
torch.nn.LSTM / GRU / RNN makes of them; every gradient; and for the first 1-layer network of it the adjoint of h_t
(and c_t) at every step, from torch.nn.LSTMCell / GRUCell / RNNCell unrolled by hand with retain_grad. PyTorch has no
cell with a projection, so the equations of torch.nn.LSTM's documentation stand in its place.
"""

import json
import pathlib

import torch

T, B, I, H, P, LAYERS = 6, 3, 4, 5, 3, 2
torch.set_default_dtype(torch.float64)


def numbers(tensor):
    return {"shape": list(tensor.shape), "data": tensor.detach().flatten().tolist()}


def projected_cell(layer):
    """A step of the first layer of torch.nn.LSTM with proj_size."""

    def cell(x, state):
        h, c = state
        gates = x @ layer.weight_ih_l0.T + layer.bias_ih_l0 + h @ layer.weight_hh_l0.T + layer.bias_hh_l0
        i, f, g, o = gates.chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return (o.sigmoid() * c.tanh()) @ layer.weight_hr_l0.T, c

    return cell


def pytorch_cell(kind, layer):
    cell = {"lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell, "rnn": torch.nn.RNNCell}[kind](I, H)
    with torch.no_grad():
        for name in ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]:
            getattr(cell, name).copy_(getattr(layer, name + "_l0"))
    return cell


def adjoints(kind, layer, x, cotangent):
    """The total derivative of sum(cotangent * output) with respect to every state of the first layer."""
    cell = projected_cell(layer) if kind == "lstm_projected" else pytorch_cell(kind, layer)
    h, c = torch.zeros(B, cotangent.shape[2]), torch.zeros(B, H)
    hs, cs = [], []
    for t in range(T):
        if kind.startswith("lstm"):
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
    projected = kind == "lstm_projected"
    classes = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}
    layer = torch.nn.LSTM(I, H, LAYERS, proj_size=P) if projected else classes[kind](I, H, LAYERS)
    size = P if projected else H
    x = torch.randn(T, B, I, requires_grad=True)
    h0 = torch.randn(LAYERS, B, size, requires_grad=True)
    c0 = torch.randn(LAYERS, B, H, requires_grad=True)
    cotangent = torch.randn(T, B, size)
    if kind.startswith("lstm"):
        output, (h_n, c_n) = layer(x, (h0, c0))
    else:
        output, h_n = layer(x, h0)
    (output * cotangent).sum().backward()
    given = {name: numbers(p) for name, p in layer.named_parameters()}
    given |= {"input": numbers(x), "h0": numbers(h0), "cotangent": numbers(cotangent)}
    expected = {"output": numbers(output), "h_n": numbers(h_n)}
    expected |= {f"grad.{name}": numbers(p.grad) for name, p in layer.named_parameters()}
    expected |= {"grad.input": numbers(x.grad), "grad.h0": numbers(h0.grad)}
    if kind.startswith("lstm"):
        given["c0"] = numbers(c0)
        expected |= {"c_n": numbers(c_n), "grad.c0": numbers(c0.grad)}
    expected |= adjoints(kind, layer, x.detach(), cotangent)
    return {"torch": torch.__version__, "given": given, "expected": expected}


for seed, kind in enumerate(["rnn", "lstm", "gru", "lstm_projected"]):
    path = pathlib.Path(__file__).with_name(f"{kind}.json")
    path.write_text(json.dumps(make(kind, seed), indent=0) + "\n")
    print(path, path.stat().st_size)
