"""PyTorch: torch.nn.LSTM, GRU and RNN."""

import torch


def versions():
    return {"torch": torch.__version__}


class Network:
    passes = ["forward", "train"]

    def __init__(self, cell, layers, x, cotangent, threads):
        torch.set_num_threads(threads)
        inputs, hidden = layers[0]["w_ih"].shape[1], layers[0]["w_hh"].shape[1]
        self.network = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[cell](
            inputs, hidden, num_layers=len(layers))
        self.x = torch.from_numpy(x).requires_grad_()
        self.cotangent = torch.from_numpy(cotangent)
        with torch.no_grad():
            for own, given in zip(self.network.all_weights, layers, strict=True):
                for parameter, name in zip(own, ["w_ih", "w_hh", "b_ih", "b_hh"], strict=True):
                    parameter.copy_(torch.from_numpy(given[name]))
        self.parameters = dict(self.network.named_parameters())

    def forward(self):
        with torch.inference_mode():
            return self.network(self.x)[0]

    def train(self):
        output = self.network(self.x)[0]
        return torch.autograd.grad(output, [self.x, *self.parameters.values()], self.cotangent)

    def results(self):
        names = ["grad.input"] + [f"grad.{name}" for name in self.parameters]
        return {"output": self.forward().numpy(),
                **{name: value.numpy() for name, value in zip(names, self.train(), strict=True)}}
