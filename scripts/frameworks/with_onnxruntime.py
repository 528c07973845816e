"""ONNX Runtime: the operators LSTM, GRU and RNN on the CPU, forward only."""

import numpy
import onnx
import onnxruntime

from onnx_model import model_of


def versions():
    return {"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__}


class Network:
    passes = ["forward"]

    def __init__(self, cell, layers, x, cotangent, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        # Within a run, threads spin while they wait, which is the default. Between runs they must stop: they would
        # take processors from the next contender.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        self.session = onnxruntime.InferenceSession(
            model_of(cell, layers, x.shape).SerializeToString(), options, providers=["CPUExecutionProvider"])
        # Bound buffers: no copy of input or output is timed.
        self.input = onnxruntime.OrtValue.ortvalue_from_numpy(x)
        self.output = onnxruntime.OrtValue.ortvalue_from_numpy(numpy.zeros_like(cotangent))
        self.binding = self.session.io_binding()
        self.binding.bind_ortvalue_input("input", self.input)
        self.binding.bind_ortvalue_output("output", self.output)

    def forward(self):
        self.session.run_with_iobinding(self.binding)
        return self.output

    def results(self):
        return {"output": self.forward().numpy().copy()}
