"""A network of Keras or ONNX, saved by the lines of docs/README.md: layouts.py LIBRARY CELL DIRECTIONS LINES.
LINES is a file with these lines, DIRECTIONS is forward, both, or paths: one layer of both under Keras's own names.

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


def keras_network(cell, directions):
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
    if directions != "forward":
        layers = [keras.layers.Bidirectional(layer) for layer in layers[:1 if directions == "paths" else None]]
    model = keras.Sequential([keras.Input((STEPS, FEATURES), batch_size=BATCH), *layers])
    model.set_weights([normal(*weights.shape) / 2 for weights in model.get_weights()])
    width = UNITS[-1] * (1 if directions == "forward" else 2)
    given = {"input": normal(BATCH, STEPS, FEATURES), "grad_output": normal(BATCH, STEPS, width)}

    def output(weights, x):
        return model.stateless_call(weights, [v.value for v in model.non_trainable_variables], x)[0]

    def loss(weights, x):
        return jnp.sum(output(weights, x) * given["grad_output"])

    weights = [v.value for v in model.trainable_variables]
    gradients, of_input = jax.grad(loss, argnums=(0, 1))(weights, given["input"])
    ends = {"forward": ["_{}"], "both": ["_{}", "_{}_reverse"], "paths": ["", "_reverse"]}[directions]

    def names_of(k, layer):
        """The names of a layer's gradients: those of the forward direction come first."""
        each = len(layer.trainable_variables) // len(ends)
        return [f"grad.{v.name}{ends[n // each].format(k)}" for n, v in enumerate(layer.trainable_variables)]

    names = [name for k, layer in enumerate(layers) for name in names_of(k, layer)]
    expected = {"output": output(weights, given["input"]), "grad.input": of_input}
    expected |= dict(zip(names, gradients, strict=True))
    return model, given, expected


def onnx_network(cell, directions):
    """The sequences and the output of a model with random parameters, which is written to model.onnx."""
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    gates = {"lstm": 4, "gru": 3, "gru_reset_before": 3}.get(cell, 1)
    count = 1 if directions == "forward" else 2
    more = {"gru": {"linear_before_reset": 1}, "relu_rnn": {"activations": count * ["Relu"]}}.get(cell, {})
    more["direction"] = "forward" if count == 1 else "bidirectional"
    kind = {"lstm": "LSTM", "gru": "GRU", "gru_reset_before": "GRU"}.get(cell, "RNN")
    nodes, constants = [], [numpy_helper.from_array(numpy.array([0, 0, -1]), "shape")]
    below, features = "input", FEATURES
    for k, units in enumerate(UNITS):
        shapes = {"w": (count, gates * units, features), "r": (count, gates * units, units), "b": (count, 2 * gates * units)}
        constants += [numpy_helper.from_array(normal(*shape) / 2, f"{name}{k}") for name, shape in shapes.items()]
        nodes.append(helper.make_node(kind, [below, f"w{k}", f"r{k}", f"b{k}"], [f"y{k}"], hidden_size=units, **more))
        # [T, directions, B, H] → [T, B, directions·H]
        nodes.append(helper.make_node("Transpose", [f"y{k}"], [f"t{k}"], perm=[0, 2, 1, 3]))
        nodes.append(helper.make_node("Reshape", [f"t{k}", "shape"], [f"h{k}"]))
        below, features = f"h{k}", count * units
    sequence = lambda name, size: helper.make_tensor_value_info(name, TensorProto.FLOAT, [STEPS, BATCH, size])
    graph = helper.make_graph(nodes, cell, [sequence("input", FEATURES)], [sequence(below, features)], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, "model.onnx")
    given = {"input": normal(STEPS, BATCH, FEATURES)}
    session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
    return None, given, {"output": session.run(None, given)[0]}


library, cell, directions, lines = sys.argv[1:]
model, given, expected = {"keras": keras_network, "onnx": onnx_network}[library](cell, directions)
save_file(given, "given.safetensors")
save_file({name: numpy.array(value) for name, value in expected.items()}, "expected.safetensors")
if directions == "paths":
    save_file({weight.path: weight.numpy() for weight in model.weights}, "model.safetensors")
else:
    exec(compile(open(lines).read(), lines, "exec"), {"model": model})
