"""A network of Keras or ONNX, saved by the lines of docs/README.md: layouts.py LIBRARY CELL FILE_WITH_THE_LINES.

Writes model.safetensors, given.safetensors with the sequences, and expected.safetensors with the library's own
results, into the working directory.
"""

import os
import sys

os.environ["KERAS_BACKEND"] = "jax"
# Keras writes a settings file when it is imported.
os.environ["KERAS_HOME"] = os.getcwd()

import numpy
from safetensors.numpy import save_file

FEATURES, UNITS, STEPS, BATCH = 3, [4, 4], 7, 2
random = numpy.random.default_rng(1)


def normal(*shape):
    return random.normal(size=shape).astype(numpy.float32)


def keras_network(cell):
    """A model with random parameters, the sequences in Keras's order, and the output with gradients."""
    import jax
    import jax.numpy as jnp
    import keras

    layer_of = {
        "lstm": keras.layers.LSTM,
        "gru": keras.layers.GRU,
        "gru_reset_before": lambda units, **more: keras.layers.GRU(units, reset_after=False, **more),
        "rnn": keras.layers.SimpleRNN,
        "relu_rnn": lambda units, **more: keras.layers.SimpleRNN(units, activation="relu", **more),
    }[cell]
    layers = [layer_of(units, return_sequences=True) for units in UNITS]
    model = keras.Sequential([keras.Input((STEPS, FEATURES), batch_size=BATCH), *layers])
    model.set_weights([normal(*weights.shape) / 2 for weights in model.get_weights()])
    given = {"input": normal(BATCH, STEPS, FEATURES), "grad_output": normal(BATCH, STEPS, UNITS[-1])}

    def output(weights, x):
        return model.stateless_call(weights, [v.value for v in model.non_trainable_variables], x)[0]

    def loss(weights, x):
        return jnp.sum(output(weights, x) * given["grad_output"])

    weights = [v.value for v in model.trainable_variables]
    gradients, of_input = jax.grad(loss, argnums=(0, 1))(weights, given["input"])
    names = [f"grad.{v.name}_{k}" for k, layer in enumerate(layers) for v in layer.trainable_variables]
    expected = {"output": output(weights, given["input"]), "grad.input": of_input}
    expected |= dict(zip(names, gradients, strict=True))
    return model, given, expected


def onnx_network(cell):
    """The sequences and the output of a model with random parameters, which is written to model.onnx."""
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    gates = {"lstm": 4, "gru": 3, "gru_reset_before": 3}.get(cell, 1)
    more = {"gru": {"linear_before_reset": 1}, "relu_rnn": {"activations": ["Relu"]}}.get(cell, {})
    kind = {"lstm": "LSTM", "gru": "GRU", "gru_reset_before": "GRU"}.get(cell, "RNN")
    nodes, constants, below, features = [], [numpy_helper.from_array(numpy.array([1]), "axis")], "input", FEATURES
    for k, units in enumerate(UNITS):
        shapes = {"w": (1, gates * units, features), "r": (1, gates * units, units), "b": (1, 2 * gates * units)}
        constants += [numpy_helper.from_array(normal(*shape) / 2, f"{name}{k}") for name, shape in shapes.items()]
        nodes.append(helper.make_node(kind, [below, f"w{k}", f"r{k}", f"b{k}"], [f"y{k}"], hidden_size=units, **more))
        nodes.append(helper.make_node("Squeeze", [f"y{k}", "axis"], [f"h{k}"]))
        below, features = f"h{k}", units
    sequence = lambda name, size: helper.make_tensor_value_info(name, TensorProto.FLOAT, [STEPS, BATCH, size])
    graph = helper.make_graph(nodes, cell, [sequence("input", FEATURES)], [sequence(below, features)], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, "model.onnx")
    given = {"input": normal(STEPS, BATCH, FEATURES)}
    session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
    return None, given, {"output": session.run(None, given)[0]}


library, cell, lines = sys.argv[1:]
model, given, expected = {"keras": keras_network, "onnx": onnx_network}[library](cell)
save_file(given, "given.safetensors")
save_file({name: numpy.array(value) for name, value in expected.items()}, "expected.safetensors")
exec(compile(open(lines).read(), lines, "exec"), {"model": model})
