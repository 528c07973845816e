"""Serves a recurrent network of a framework through lines of JSON: serve.py NAME THREADS.

The first line that it prints is {"versions": {"jax": "…", …}}. Each request is a line, and so is its answer:

    {"do": "load", "cell": "lstm", "step": null, "file": F}  → {"passes": ["forward", "train"]}
        F is a safetensors file as `lstm-lab trace` reads it: PyTorch's parameters, `input` [T, B, I] and
        `grad_output` [T, B, H]. The answer lists the passes that the framework implements.
        If `step` describes a training step, the only pass is `step`. F then has the parameters of the whole model,
        `input` ([T, B] for symbols) and `target` ([S, B] for classes after the last S steps, [B] for numbers), all as
        floating-point numbers.
    {"do": "results", "file": F}                             → {}
        Writes its results to F: `output` [T, B, H], and if it trains `grad.input` and `grad.<name>` of every
        parameter, in PyTorch's shapes. For a training step: `losses` [5] and `norms` [5] of the first five
        updates without dropout, the norms before clipping. The first timed step starts from the given parameters.
    {"do": "time", "pass": "forward"}                        → {"seconds": 0.0123}
        The time of one pass on a monotonic clock, until its result is complete.

If a request fails, the answer is {"error": "…"}. The process exits at the end of its input.
"""

import gc
import importlib
import json
import os
import sys
import time

import numpy
from safetensors.numpy import load_file, save_file


def handle(network, module, request, threads):
    """Returns the network after a request, and the answer."""
    match request["do"]:
        case "load":
            given = load_file(request["file"])
            if request["step"] is not None:
                network = module.Training(request["step"], given, threads)
                return network, {"passes": network.passes}
            network = module.Network(request["cell"], layers_of(given), given["input"], given["grad_output"], threads)
            return network, {"passes": network.passes}
        case "results":
            results = {name: numpy.ascontiguousarray(value) for name, value in network.results().items()}
            # Objects from loading and compiling are excluded from later garbage collections.
            gc.collect()
            gc.freeze()
            save_file(results, request["file"])
            return network, {}
        case "time":
            if request["pass"] not in network.passes:
                raise ValueError(f"expected one of {network.passes}, found {request['pass']}")
            run = getattr(network, request["pass"])
            start = time.perf_counter()
            result = run()
            seconds = time.perf_counter() - start
            del result
            return network, {"seconds": seconds}
        case other:
            raise ValueError(f"expected load, results or time, found {other}")


def layers_of(given):
    """The parameters of each layer: w_ih [G, I], w_hh [G, H], b_ih [G], b_hh [G]; others under their own names."""
    short = {"weight_ih": "w_ih", "weight_hh": "w_hh", "bias_ih": "b_ih", "bias_hh": "b_hh"}
    layers = []
    while f"weight_ih_l{len(layers)}" in given:
        end = f"_l{len(layers)}"
        names = [name.removesuffix(end) for name in given if name.endswith(end)]
        layers.append({short.get(name, name): given[name + end] for name in names})
    return layers


def main():
    name, threads = sys.argv[1], int(sys.argv[2])
    # Answers go to the original stdout; whatever a library prints goes to stderr.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    # OpenMP and XLA read these variables when they are loaded.
    os.environ["OMP_NUM_THREADS"] = os.environ["NPROC"] = str(threads)
    module = importlib.import_module(f"with_{name}")
    network = None
    print(json.dumps({"versions": module.versions()}), file=answers)
    for line in sys.stdin:
        try:
            network, answer = handle(network, module, json.loads(line), threads)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers)
    # The threads of some libraries can hang in Python's own end. There is nothing left to save.
    os._exit(0)


main()
