"""JAX: the cells in a compiled scan over the steps.

Matrices have Flax's layout, features first: [I, G] and [H, G]. The input projection is computed for all steps
before the scan, or step by step inside it. The faster way depends on sizes and pass, so both are tried.
"""

import functools
import time

import jax
import jax.numpy as jnp
import jaxlib
import numpy


def versions():
    return {"jax": jax.__version__, "jaxlib": jaxlib.__version__}


def lstm(carry, projected, layer):
    h, c = carry
    i, f, g, o = jnp.split(projected + h @ layer["w_hh"], 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    h = jax.nn.sigmoid(o) * jnp.tanh(c)
    return (h, c), h


def gru(carry, projected, layer):
    (h,) = carry
    x_r, x_z, x_n = jnp.split(projected, 3, axis=-1)
    h_r, h_z, h_n = jnp.split(h @ layer["w_hh"] + layer["b_hh"], 3, axis=-1)
    z = jax.nn.sigmoid(x_z + h_z)
    n = jnp.tanh(x_n + jax.nn.sigmoid(x_r + h_r) * h_n)
    h = (1 - z) * n + z * h
    return (h,), h


def rnn(carry, projected, layer):
    (h,) = carry
    h = jnp.tanh(projected + h @ layer["w_hh"])
    return (h,), h


STEPS = {"lstm": lstm, "gru": gru, "rnn": rnn}


def apply(cell, hoisted, layers, x):
    """[T, B, I] → [T, B, H]."""
    for layer in layers:
        # The GRU multiplies its second bias by the reset gate.
        bias = layer["b_ih"] if cell == "gru" else layer["b_ih"] + layer["b_hh"]

        def project(x, layer=layer, bias=bias):
            return x @ layer["w_ih"] + bias

        def step(carry, x, layer=layer, project=project):
            return STEPS[cell](carry, x if hoisted else project(x), layer)

        zeros = jnp.zeros((x.shape[1], layer["w_hh"].shape[0]), x.dtype)
        initial = (zeros, zeros) if cell == "lstm" else (zeros,)
        _, x = jax.lax.scan(step, initial, project(x) if hoisted else x)
    return x


def fastest(functions, *arguments):
    """Returns the compiled function that takes the least time."""
    def seconds(run):
        jax.block_until_ready(run(*arguments))
        times = []
        for _ in range(3):
            start = time.perf_counter()
            jax.block_until_ready(run(*arguments))
            times.append(time.perf_counter() - start)
        return min(times)

    return min(map(jax.jit, functions), key=seconds)


class Network:
    passes = ["forward", "train"]

    def __init__(self, cell, layers, x, cotangent, threads):
        features_first = [{name: value.T if name.startswith("w_") else value for name, value in layer.items()}
                          for layer in layers]
        self.layers = jax.device_put(features_first)
        self.x, self.cotangent = jax.device_put((x, cotangent))

        def loss(hoisted, layers, x, cotangent):
            return jnp.sum(apply(cell, hoisted, layers, x) * cotangent)

        functions = [functools.partial(apply, cell, hoisted) for hoisted in (True, False)]
        self.run = fastest(functions, self.layers, self.x)
        functions = [jax.grad(functools.partial(loss, hoisted), argnums=(0, 1)) for hoisted in (True, False)]
        self.differentiate = fastest(functions, self.layers, self.x, self.cotangent)

    def forward(self):
        return jax.block_until_ready(self.run(self.layers, self.x))

    def train(self):
        return jax.block_until_ready(self.differentiate(self.layers, self.x, self.cotangent))

    def results(self):
        layers, x = self.train()
        found = {"output": self.forward(), "grad.input": x}
        for k, layer in enumerate(layers):
            found |= {f"grad.weight_ih_l{k}": layer["w_ih"].T, f"grad.weight_hh_l{k}": layer["w_hh"].T,
                      f"grad.bias_ih_l{k}": layer["b_ih"], f"grad.bias_hh_l{k}": layer["b_hh"]}
        return {name: numpy.asarray(value) for name, value in found.items()}
