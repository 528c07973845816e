"""torchrecurrent: the layers whose equations are those of docs/cells.md; a training step with the classes of torch.optim."""

from importlib import metadata

import torch
import torchrecurrent

import with_pytorch

# The class of each cell, the constants that the cell has in lstm-lab, and the parameters with other names here. The
# biases that lstm-lab does not have stay 0.
CELLS = {
    "lstm_peephole": (torchrecurrent.PeepholeLSTM, {}, {"weight_ph": ["weight_ci", "weight_cf", "weight_co"]}),
    "janet": (torchrecurrent.JANET, {}, {}),
    "mgu": (torchrecurrent.MGU, {}, {}),
    "indrnn": (torchrecurrent.IndRNN, {"nonlinearity": "relu", "recurrent_bias": False}, {"vector_u": ["weight_hh"]}),
    "antisymmetric_rnn": (torchrecurrent.AntisymmetricRNN, {"epsilon": 0.01, "gamma": 0.01}, {}),
    "cornn": (torchrecurrent.coRNN, {"dt": 0.042, "gamma": 2.7, "epsilon": 4.7, "cell_bias": False},
              {"weight_ch": ["weight_zh"]}),
}

# The names of serve.py.
SHORT = {"weight_ih": "w_ih", "weight_hh": "w_hh", "bias_ih": "b_ih", "bias_hh": "b_hh"}


def versions():
    return {"torchrecurrent": metadata.version("torchrecurrent"), "torch": torch.__version__}


def sources(cell, name):
    """The parameters of lstm-lab that a parameter here joins; none for the β of JANET, which lstm-lab does not learn."""
    return [] if name == "beta" else CELLS[cell][2].get(name, [name])


def layers_of(cell, inputs, hidden, layers, dropout=0.0):
    """The layers, in which only the parameters of lstm-lab are learned."""
    layer, constants, _ = CELLS[cell]
    made = layer(inputs, hidden, num_layers=layers, dropout=dropout, **constants)
    for one in made.cells:
        for name, parameter in one.named_parameters():
            parameter.requires_grad_(bool(sources(cell, name)))
    return made


class Network:
    passes = ["forward", "train"]

    def __init__(self, cell, layers, x, cotangent, threads):
        torch.set_num_threads(threads)
        inputs, hidden = layers[0]["w_ih"].shape[1], layers[0]["w_hh"].shape[-1]
        self.cell, self.given = cell, layers
        self.network = layers_of(cell, inputs, hidden, len(layers))
        self.x = torch.from_numpy(x).requires_grad_()
        self.cotangent = torch.from_numpy(cotangent)
        self.parameters = {}
        for k, (own, given) in enumerate(zip(self.network.cells, layers, strict=True)):
            for name, parameter in own.named_parameters():
                if parts := [torch.from_numpy(given[SHORT.get(source, source)]) for source in sources(cell, name)]:
                    parameter.data.copy_(torch.cat(parts))
                    self.parameters[name, k] = parameter

    def forward(self):
        with torch.inference_mode():
            return self.network(self.x)[0]

    def train(self):
        output = self.network(self.x)[0]
        return torch.autograd.grad(output, [self.x, *self.parameters.values()], self.cotangent)

    def results(self):
        of_input, *gradients = self.train()
        results = {"output": self.forward().numpy(), "grad.input": of_input.numpy()}
        # Parameters without a number, such as the second bias of the IndRNN.
        for k, given in enumerate(self.given):
            names = {short: name for name, short in SHORT.items()}
            results |= {f"grad.{names.get(name, name)}_l{k}": value for name, value in given.items() if not value.size}
        for (name, k), gradient in zip(self.parameters, gradients, strict=True):
            parts = sources(self.cell, name)
            for source, part in zip(parts, gradient.chunk(len(parts)), strict=True):
                results[f"grad.{source}_l{k}"] = part.numpy()
        return results


class Training(with_pytorch.Training):
    """The training step of PyTorch with the layers of torchrecurrent."""

    def layers(self, cell, inputs, hidden, layers, dropout):
        return layers_of(cell, inputs, hidden, layers, dropout)

    def state(self, model):
        """The given parameters under the names of the model."""
        cell, state = self.settings["model"]["cell"], {}
        for full, parameter in model.layers.named_parameters():
            _, k, name = full.split(".")
            parts = [self.given[f"{source}_l{k}"] for source in sources(cell, name)]
            state[f"layers.{full}"] = torch.cat(parts) if parts else parameter
        # Biases that are not parameters.
        state |= {f"layers.{name}": value for name, value in model.layers.named_buffers()}
        return state | self.others()
