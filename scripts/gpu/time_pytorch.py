"""Times PyTorch's own layers at the shapes of an experiment of kind speed, beside lstm-lab's engine `builtin`.

usage: time_pytorch.py RESULTS DEVICE
"""

import csv
import statistics
import sys
import time
from pathlib import Path

import torch

LAYERS = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
SIZES = ("batch_size", "seq_len", "input_size", "hidden_size")
WARMUP, SAMPLES = 5, 20


def rows(path):
    with open(path, newline="") as file:
        yield from csv.DictReader(file)


def median_seconds(one_pass, device):
    """The median time of a pass. As in lstm-lab, the clock is read when the device has finished all work."""
    def wait():
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    samples = []
    for _ in range(WARMUP + SAMPLES):
        wait()
        start = time.perf_counter()
        one_pass()
        wait()
        samples.append(time.perf_counter() - start)
    return statistics.median(samples[WARMUP:])


def passes(run, device):
    """The passes of kind speed for PyTorch's layer of a run's cell and sizes, in f32."""
    batch, steps, inputs, hidden = (int(run[name]) for name in SIZES)
    layer = LAYERS[run["cell"]](inputs, hidden).to(device)
    x = torch.randn(steps, batch, inputs, device=device, requires_grad=True)
    grad_output = torch.randn(steps, batch, hidden, device=device)

    def forward():
        with torch.no_grad():
            layer(x)

    def train():
        layer.zero_grad()
        x.grad = None
        layer(x)[0].backward(grad_output)

    return {"forward": forward, "train": train}


def builtin_seconds(results):
    """The median time of `builtin` by run and pass."""
    samples = {}
    for row in rows(results / "speed.csv"):
        if row["engine"] == "builtin" and row["control"] == "false" and row["round"] != "":
            samples.setdefault((row["run_id"], row["pass"]), []).append(float(row["seconds"]))
    return {key: statistics.median(seconds) for key, seconds in samples.items()}


def main():
    results, device = Path(sys.argv[1]), torch.device(sys.argv[2])
    # lstm-lab computes in f32 without TF32.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    runs = {row["run_id"]: row for row in rows(results / "runs.csv")}
    print("| cell | B | T | I | H | pass | builtin, ms | PyTorch, ms |\n" + "| --- " * 8 + "|")
    for (run_id, name), seconds in builtin_seconds(results).items():
        run = runs[run_id]
        torch.set_num_threads(int(run["threads"]))
        of_pytorch = median_seconds(passes(run, device)[name], device)
        sizes = " | ".join(run[size] for size in SIZES)
        print(f"| {run['cell']} | {sizes} | {name} | {1e3 * seconds:.3f} | {1e3 * of_pytorch:.3f} |", flush=True)


main()
