"""Makes the golden numbers of both directions and of sequences of several lengths with PyTorch itself.

    pip install torch==2.13.0 numpy
    python tests/golden/make_directions.py

One file a cell, with three networks of two layers: of both directions; of both with lengths; of one with lengths.
Each has random float64 parameters, input, first states and cotangents; what torch.nn.LSTM / GRU / RNN makes of them,
of a packed sequence if there are lengths; and every gradient. The norms of the adjoints of h_t (and c_t) come from
torch.nn.LSTMCell / GRUCell / RNNCell, unrolled by hand for each sequence with retain_grad: log10 of the mean over the
sequences with more than `lag` steps, from lag 0 on. Lag 0 is the step at which a direction ends: the last one of the
sequence, or the first one for the reverse direction.
"""

import json
import math
import pathlib

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

T, B, I, H, LAYERS = 6, 3, 3, 4, 2
LENGTHS = [3, 6, 2]
torch.set_default_dtype(torch.float64)


def numbers(tensor):
    return {"shape": list(tensor.shape), "data": tensor.detach().flatten().tolist()}


def mean_norms(gradients, lags):
    """log10 of the mean norm by lag. Each sequence has its gradients in the order of reading."""
    norms = [[g.norm().item() for g in reversed(sequence)] for sequence in gradients]
    means = []
    for lag in range(lags):
        at_lag = [sequence[lag] for sequence in norms if lag < len(sequence)]
        mean = sum(at_lag) / len(at_lag)
        means.append(math.log10(mean) if mean > 0 else None)
    return means


def unrolled(kind, layer, directions, x, h0, c0, lengths, cotangent, output):
    """The norms of the adjoints by lag, of every layer and direction, and of the input."""
    adjoints, of_input, total = {}, [], 0
    for b, length in enumerate(lengths):
        # A batch of one: without a batch, the c that LSTMCell returns is no node on the way to h.
        below = [x[t, b : b + 1].detach().clone().requires_grad_() for t in range(length)]
        of_input.append(below)
        for k in range(LAYERS):
            above = []
            for d in range(directions):
                end = f"_l{k}" + ("_reverse" if d else "")
                features = below[0].shape[1]
                cell = {"lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell, "rnn": torch.nn.RNNCell}[kind](features, H)
                with torch.no_grad():
                    for name in ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]:
                        getattr(cell, name).copy_(getattr(layer, name + end))
                h, c = (first[k * directions + d, b : b + 1].detach() for first in (h0, c0))
                hs, cs = [], []
                for at in reversed(below) if d else below:
                    if kind == "lstm":
                        h, c = cell(at, (h, c))
                        c.retain_grad()
                        cs.append(c)
                    else:
                        h = cell(at, h)
                    h.retain_grad()
                    hs.append(h)
                adjoints.setdefault("total_h" + end, []).append(hs)
                if cs:
                    adjoints.setdefault("total_c" + end, []).append(cs)
                above.append(hs[::-1] if d else hs)
            below = [torch.cat(parts, dim=1) for parts in zip(*above)]
        assert torch.allclose(torch.cat(below), output[:length, b], rtol=1e-13, atol=1e-13)
        total = total + (torch.cat(below) * cotangent[:length, b]).sum()
    total.backward()
    grads = {name: [[state.grad for state in states] for states in each] for name, each in adjoints.items()}
    grads["input_x"] = [[step.grad for step in steps] for steps in of_input]
    return {name: mean_norms(each, max(lengths)) for name, each in grads.items()}


def network(kind, seed, directions, lengths):
    torch.manual_seed(seed)
    kinds = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}
    layer = kinds[kind](I, H, LAYERS, bidirectional=directions == 2)
    x = torch.randn(T, B, I, requires_grad=True)
    h0 = torch.randn(LAYERS * directions, B, H, requires_grad=True)
    c0 = torch.randn(LAYERS * directions, B, H, requires_grad=True)
    cotangent = torch.randn(T, B, H * directions)
    read = pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False) if lengths else x
    output, last = layer(read, (h0, c0) if kind == "lstm" else h0)
    if lengths:
        output, _ = pad_packed_sequence(output, total_length=T)
    (output * cotangent).sum().backward()
    given = {name: numbers(p) for name, p in layer.named_parameters()}
    given |= {"input": numbers(x), "h0": numbers(h0), "grad_output": numbers(cotangent)}
    h_n, c_n = last if kind == "lstm" else (last, None)
    expected = {"output": numbers(output), "h_n": numbers(h_n)}
    expected |= {f"grad.{name}": numbers(p.grad) for name, p in layer.named_parameters()}
    expected |= {"grad.input": numbers(x.grad), "grad.h0": numbers(h0.grad)}
    if kind == "lstm":
        given["c0"] = numbers(c0)
        expected |= {"c_n": numbers(c_n), "grad.c0": numbers(c0.grad)}
    norms = unrolled(kind, layer, directions, x, h0, c0, lengths or [T] * B, cotangent, output.detach())
    return {"lengths": lengths, "given": given, "expected": expected, "log10_norms": norms}


def make(kind, seed):
    cases = {"both": (2, None), "both_lengths": (2, LENGTHS), "forward_lengths": (1, LENGTHS)}
    return {"torch": torch.__version__} | {name: network(kind, seed, *case) for name, case in cases.items()}


for seed, kind in enumerate(["rnn", "lstm", "gru"]):
    path = pathlib.Path(__file__).with_name(f"directions_{kind}.json")
    path.write_text(json.dumps(make(kind, seed)) + "\n")
    print(path, path.stat().st_size)
