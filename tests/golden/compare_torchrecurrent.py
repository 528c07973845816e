"""Compares cells.json with torchrecurrent (Martinuzzi 2025, arXiv:2510.21252) in float64, and prints a Markdown table.

    pip install torch==2.13.0 torchrecurrent==0.2.5
    python tests/golden/compare_torchrecurrent.py

Both take the same parameters, inputs and first states. The table has the largest difference of outputs and of
gradients. Exits with 1 if a difference is not the expected one.
"""

import json
import pathlib
import sys

import torch
import torchrecurrent

torch.set_default_dtype(torch.float64)
GOLDEN = json.loads(pathlib.Path(__file__).with_name("cells.json").read_text())
ROUNDING = 1e-12


def tensor(numbers):
    return torch.tensor(numbers["data"]).reshape(numbers["shape"])


def same(given):
    """The parameters of the layer, in cells of torchrecurrent that have the names of PyTorch's cells."""
    return {name: f"{name}_l0" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}


def cornn(given):
    return same(given) | {"weight_ch": "weight_zh_l0", "bias_ch": None}


def indrnn(given):
    return {"weight_ih": "weight_ih_l0", "vector_u": "weight_hh_l0", "bias_ih": "bias_ih_l0", "bias_hh": None}


def peepholes(given):
    return same(given) | {"weight_ph": ["weight_ci_l0", "weight_cf_l0", "weight_co_l0"]}


CASES = {
    "lstm_peephole": ("PeepholeLSTMCell", {}, peepholes, ("h0", "c0")),
    "janet": ("JANETCell", {}, same, ("h0", "h0")),
    "mgu": ("MGUCell", {}, same, ("h0",)),
    "indrnn": ("IndRNNCell", {"nonlinearity": "relu"}, indrnn, ("h0",)),
    "antisymmetric_rnn": ("AntisymmetricRNNCell", {"epsilon": 0.01, "gamma": 0.01}, same, ("h0",)),
    "cornn": ("coRNNCell", {"dt": 0.042, "gamma": 2.7, "epsilon": 4.7}, cornn, ("h0", "z0")),
}


def compare(name):
    """The largest differences of outputs, and of gradients of inputs, first states and parameters."""
    cell_name, constants, names, states = CASES[name]
    given = {key: tensor(value).requires_grad_() for key, value in GOLDEN[name]["given"].items()}
    expected = {key: tensor(value) for key, value in GOLDEN[name]["expected"].items()}
    inputs, hidden = given["input"].shape[2], given["h0"].shape[1]
    cell = getattr(torchrecurrent, cell_name)(inputs, hidden, **constants).double()
    # Tensors in the place of parameters, so that gradients reach the given ones.
    for parameter, source in names(given).items():
        match source:
            case None:
                value = torch.zeros_like(getattr(cell, parameter))
            case str():
                value = given[source]
            case parts:
                value = torch.cat([given[part] for part in parts])
        delattr(cell, parameter)
        setattr(cell, parameter, value)
    state = tuple(given[key] for key in states)
    outputs = []
    for x in given["input"]:
        state = cell(x, state if len(state) > 1 else state[0])
        state = state if isinstance(state, tuple) else (state,)
        outputs.append(state[0])
    output = torch.stack(outputs)
    (output * given["cotangent"]).sum().backward()
    error = (output - expected["output"]).abs().max().item()
    grads = {key[5:]: value for key, value in expected.items() if key.startswith("grad.")}
    differences = [(given[key].grad - value).abs().max().item() for key, value in grads.items()
                   if given[key].grad is not None and value.numel()]
    return cell_name, error, max(differences)


def main():
    print("| cell | class of torchrecurrent | outputs | gradients |\n| --- | --- | --- | --- |")
    problems = []
    for name in CASES:
        cell_name, *errors = compare(name)
        print(f"| `{name}` | `{cell_name}` | " + " | ".join(f"{error:.0e}" for error in errors) + " |")
        problems += [name] if max(errors) > ROUNDING else []
    if problems:
        sys.exit(f"expected differences of at most {ROUNDING}, found larger ones: {', '.join(problems)}")


if __name__ == "__main__":
    main()
