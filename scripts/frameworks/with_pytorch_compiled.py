"""PyTorch with torch.compile: the loss of the model is one compiled function.

torch.compile does not look into torch.nn.LSTM, GRU and RNN, so they run as without it. The rest is compiled.
"""

import os
import sys

# Inductor keeps its generated code there from process to process.
os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", os.path.join(sys.prefix, "inductor"))

import torch

import with_pytorch

versions = with_pytorch.versions


class Training(with_pytorch.Training):
    def loss_function(self):
        return torch.compile(self.model)
