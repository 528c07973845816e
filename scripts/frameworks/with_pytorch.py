"""PyTorch: torch.nn.LSTM, GRU and RNN; a training step with the classes of torch.nn and torch.optim."""

import torch

LAYERS = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}


def versions():
    return {"torch": torch.__version__}


class Network:
    passes = ["forward", "train"]

    def __init__(self, cell, layers, x, cotangent, threads):
        torch.set_num_threads(threads)
        inputs, hidden = layers[0]["w_ih"].shape[1], layers[0]["w_hh"].shape[1]
        self.network = LAYERS[cell](inputs, hidden, num_layers=len(layers))
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


class Model(torch.nn.Module):
    """Symbols or numbers → layers → dropout → readout → loss."""

    def __init__(self, model, steps, layers):
        super().__init__()
        sizes, dropout = model["layer_sizes"], model["dropout"]
        # The steps at the end of a sequence that have an output.
        self.steps, self.symbols = steps, model["symbols"]
        is_embedded = model["encoding"] == "embedding"
        self.embedding = torch.nn.Embedding(self.symbols, model["input_size"]) if is_embedded else None
        # PyTorch warns of dropout between layers if there is one layer.
        self.layers = layers(model["cell"], model["input_size"], sizes[0], len(sizes), dropout if len(sizes) > 1 else 0.0)
        self.dropout = torch.nn.Dropout(dropout)
        self.readout = torch.nn.Linear(sizes[0], model["outputs"])

    def forward(self, x, target):
        if self.embedding is not None:
            x = self.embedding(x)
        elif self.symbols is not None:
            x = torch.nn.functional.one_hot(x, self.symbols).float()
        states = self.layers(x)[0][-self.steps:]
        outputs = self.readout(self.dropout(states))
        if target.dtype == torch.int64:
            return torch.nn.functional.cross_entropy(outputs.flatten(0, 1), target.flatten())
        return torch.nn.functional.mse_loss(outputs[-1].squeeze(1), target)


def optimizer_of(step, parameters):
    """The optimizer with the settings that its class has; the fused kernels where PyTorch has them."""
    given, rate = step["optimizer"], step["learning_rate"]
    common = {"lr": rate, "weight_decay": given["weight_decay"]}
    betas, epsilon = given["betas"], given["epsilon"]
    match given["name"]:
        case "sgd":
            return torch.optim.SGD(parameters, momentum=given["momentum"], fused=True, **common)
        case "rmsprop":
            return torch.optim.RMSprop(parameters, alpha=betas[1], eps=epsilon, **common)
        case "adam":
            return torch.optim.Adam(parameters, betas=tuple(betas), eps=epsilon, fused=True, **common)
        case "adamw":
            return torch.optim.AdamW(parameters, betas=tuple(betas), eps=epsilon, fused=True, **common)
        case other:
            raise ValueError(f"expected sgd, rmsprop, adam or adamw, found {other}")


class Training:
    passes = ["step"]

    def __init__(self, step, given, threads):
        torch.set_num_threads(threads)
        # The masks of dropout have the seed of the run.
        torch.manual_seed(step["seed"])
        self.settings, self.given = step, {name: torch.from_numpy(value) for name, value in given.items()}
        self.x, self.target = self.given.pop("input"), self.given.pop("target")
        if step["model"]["symbols"] is not None:
            self.x = self.x.long()
        if step["classes"]:
            self.target = self.target.long()
        self.start()

    def start(self):
        """Makes the model with the given parameters, and the optimizer."""
        steps = self.target.shape[0] if self.settings["classes"] else 1
        self.model = Model(self.settings["model"], steps, self.layers)
        self.model.load_state_dict(self.state(self.model))
        self.loss = self.loss_function()
        self.optimizer = optimizer_of(self.settings, [p for p in self.model.parameters() if p.requires_grad])

    def layers(self, cell, inputs, hidden, layers, dropout):
        return LAYERS[cell](inputs, hidden, num_layers=layers, dropout=dropout)

    def state(self, model):
        """The given parameters under the names of the model."""
        return {f"layers.{name}": self.given[name] for name, _ in model.layers.named_parameters()} | self.others()

    def others(self):
        """The given parameters of the embedding and the readout."""
        names = {"embedding": "embedding.weight"}
        own = [name for name in self.given if not name.startswith(("weight_", "bias_"))]
        return {names.get(name, name): self.given[name] for name in own}

    def loss_function(self):
        """The function from a batch to its loss."""
        return self.model

    def step(self):
        """One update. Returns the loss and the norm of the gradient before it."""
        self.optimizer.zero_grad()
        loss = self.loss(self.x, self.target)
        loss.backward()
        limit = self.settings["clip_norm"] or float("inf")
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), limit)
        self.optimizer.step()
        return loss.item(), norm.item()

    def results(self):
        """The losses and gradient norms of the first updates, without dropout."""
        self.model.eval()
        losses, norms = zip(*(self.step() for _ in range(5)), strict=True)
        self.start()
        return {"losses": torch.tensor(losses, dtype=torch.float64).numpy(),
                "norms": torch.tensor(norms, dtype=torch.float64).numpy()}
