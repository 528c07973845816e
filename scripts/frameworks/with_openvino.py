"""OpenVINO: the ONNX model of the layers, compiled for the CPU in f32, forward only."""

import onnx
import openvino

from onnx_model import model_of


def versions():
    return {"openvino": openvino.__version__, "onnx": onnx.__version__}


class Network:
    passes = ["forward"]

    def __init__(self, cell, layers, x, cotangent, threads):
        core = openvino.Core()
        model = core.read_model(model_of(cell, layers, x.shape).SerializeToString())
        # One stream with all threads is the setting for the time of a single call.
        settings = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": threads,
                    "INFERENCE_PRECISION_HINT": "f32"}
        self.request = core.compile_model(model, "CPU", settings).create_infer_request()
        # The request reads the input in place, so no copy of the input is timed.
        self.x = x
        self.request.set_input_tensor(openvino.Tensor(self.x, shared_memory=True))

    def forward(self):
        self.request.infer()
        return self.request.get_output_tensor()

    def results(self):
        return {"output": self.forward().data.copy()}
