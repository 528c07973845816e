"""The ONNX model of recurrent layers: the operators LSTM, GRU and RNN.

ONNX orders gates i, o, f, c (LSTM) and z, r, h (GRU). A layer's output has an axis of directions, of size 1.
"""

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

# The indices of ONNX's gates in PyTorch's order: i, f, g, o and r, z, n.
ORDER = {"lstm": [0, 3, 1, 2], "gru": [1, 0, 2], "rnn": [0]}
ATTRIBUTES = {"lstm": {}, "gru": {"linear_before_reset": 1}, "rnn": {}}


def reordered(cell, tensor):
    gates = numpy.split(tensor, len(ORDER[cell]))
    return numpy.concatenate([gates[gate] for gate in ORDER[cell]])


def model_of(cell, layers, shape):
    steps, batch, features = shape
    nodes, constants, below = [], [numpy_helper.from_array(numpy.array([1], numpy.int64), "axis")], "input"
    for k, layer in enumerate(layers):
        gates = {name: reordered(cell, value) for name, value in layer.items()}
        bias = numpy.concatenate([gates["b_ih"], gates["b_hh"]])
        constants += [numpy_helper.from_array(value[None], f"{name}{k}")
                      for name, value in [("W", gates["w_ih"]), ("R", gates["w_hh"]), ("B", bias)]]
        hidden = layer["w_hh"].shape[1]
        above = "output" if k + 1 == len(layers) else f"h{k}"
        nodes.append(helper.make_node(cell.upper(), [below, f"W{k}", f"R{k}", f"B{k}"], [f"y{k}"],
                                      hidden_size=hidden, **ATTRIBUTES[cell]))
        nodes.append(helper.make_node("Squeeze", [f"y{k}", "axis"], [above]))
        below = above
    graph = helper.make_graph(
        nodes, cell,
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [steps, batch, features])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [steps, batch, hidden])], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model
