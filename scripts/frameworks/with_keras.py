"""Keras on JAX: the layers LSTM, GRU and SimpleRNN in a compiled model.

Keras has its own layout: sequences are [B, T, I], matrices [I, G] and [H, G]. The LSTM's gates are i, f, c,
o, as in PyTorch. The GRU's gates are z, r, h instead of r, z, n. LSTM and SimpleRNN have one bias.
"""

import os
import sys

os.environ["KERAS_BACKEND"] = "jax"
# Keras writes a settings file when it is imported.
os.environ["KERAS_HOME"] = os.path.join(sys.prefix, "keras")

import jax
import jax.numpy as jnp
import keras
import numpy


def versions():
    return {"keras": keras.__version__, "jax": jax.__version__}


def swapped(matrix):
    """Converts gates r, z, n to z, r, h, or back, along the last axis."""
    first, second, third = numpy.split(matrix, 3, axis=-1)
    return numpy.concatenate([second, first, third], axis=-1)


def to_keras(cell, layer):
    w_ih, w_hh, b_ih, b_hh = layer["w_ih"].T, layer["w_hh"].T, layer["b_ih"], layer["b_hh"]
    if cell == "gru":
        return [swapped(w_ih), swapped(w_hh), swapped(numpy.stack([b_ih, b_hh]))]
    return [w_ih, w_hh, b_ih + b_hh]


def from_keras(cell, w_ih, w_hh, bias):
    if cell == "gru":
        w_ih, w_hh, bias = swapped(w_ih), swapped(w_hh), swapped(bias)
    # Both terms of a sum have the gradient of the sum.
    b_ih, b_hh = bias if cell == "gru" else (bias, bias)
    return {"weight_ih": w_ih.T, "weight_hh": w_hh.T, "bias_ih": b_ih, "bias_hh": b_hh}


class Network:
    passes = ["forward", "train"]

    def __init__(self, cell, layers, x, cotangent, threads):
        self.cell = cell
        layer_of = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "rnn": keras.layers.SimpleRNN}[cell]
        steps, batch, features = x.shape
        inputs = keras.Input((steps, features), batch_size=batch)
        units = [layer["w_hh"].shape[1] for layer in layers]
        model = keras.Sequential([inputs, *(layer_of(count, return_sequences=True) for count in units)])
        for own, given in zip(model.layers, layers, strict=True):
            own.set_weights(to_keras(cell, given))
        self.weights = [variable.value for variable in model.trainable_variables]
        self.others = [variable.value for variable in model.non_trainable_variables]
        self.x, self.cotangent = jax.device_put((x.swapaxes(0, 1).copy(), cotangent.swapaxes(0, 1).copy()))

        def output(weights, others, x):
            return model.stateless_call(weights, others, x)[0]

        def loss(weights, x, others, cotangent):
            return jnp.sum(output(weights, others, x) * cotangent)

        self.run = jax.jit(output)
        self.differentiate = jax.jit(jax.grad(loss, argnums=(0, 1)))

    def forward(self):
        return jax.block_until_ready(self.run(self.weights, self.others, self.x))

    def train(self):
        return jax.block_until_ready(self.differentiate(self.weights, self.x, self.others, self.cotangent))

    def results(self):
        weights, x = self.train()
        found = {"output": self.forward().swapaxes(0, 1), "grad.input": x.swapaxes(0, 1)}
        weights = [numpy.asarray(weight) for weight in weights]
        for k in range(len(weights) // 3):
            of_layer = from_keras(self.cell, *weights[3 * k:3 * k + 3])
            found |= {f"grad.{name}_l{k}": value for name, value in of_layer.items()}
        return {name: numpy.asarray(value) for name, value in found.items()}
