"""A recurrent network of another library, asked through lines of JSON: peer.py NAME THREADS.

It first says {"versions": {"jax": "…", …}}. Then it answers each line that it reads with one:

    {"do": "load", "cell": "lstm", "file": F}  → {"passes": ["forward", "train"]}
        F is a safetensors file as `lstm-lab trace` reads it: PyTorch's parameters, `input` [T, B, I] and
        `grad_output` [T, B, H], what flows back from the output. The passes are those that the library has.
    {"do": "results", "file": F}               → {}
        Writes to F what it computes: `output` [T, B, H], and where it trains `grad.input` and `grad.<name>` of every
        parameter, in PyTorch's shapes.
    {"do": "time", "pass": "forward"}          → {"seconds": 0.0123}
        One pass, from the call to the moment when the result is there, on a monotonic clock.

Where it cannot, it answers {"error": "…"}. It ends with its input.
"""

import gc
import importlib
import json
import os
import sys
import time

import numpy
from safetensors.numpy import load_file, save_file


def answered(peer, module, request, threads):
    """The answer to a request, and the peer from now on."""
    match request["do"]:
        case "load":
            given = load_file(request["file"])
            peer = module.Peer(request["cell"], layers_of(given), given["input"], given["grad_output"], threads)
            return peer, {"passes": peer.passes}
        case "results":
            results = {name: numpy.ascontiguousarray(value) for name, value in peer.results().items()}
            # What loading and compiling left behind is never looked at again.
            gc.collect()
            gc.freeze()
            save_file(results, request["file"])
            return peer, {}
        case "time":
            if request["pass"] not in peer.passes:
                raise ValueError(f"expected one of {peer.passes}, found {request['pass']}")
            run = getattr(peer, request["pass"])
            start = time.perf_counter()
            made = run()
            seconds = time.perf_counter() - start
            del made
            return peer, {"seconds": seconds}
        case other:
            raise ValueError(f"expected load, results or time, found {other}")


def layers_of(given):
    """The parameters of each layer: w_ih [G, I], w_hh [G, H], b_ih [G], b_hh [G]."""
    names = {"w_ih": "weight_ih_l", "w_hh": "weight_hh_l", "b_ih": "bias_ih_l", "b_hh": "bias_hh_l"}
    layers = []
    while f"weight_ih_l{len(layers)}" in given:
        layers.append({short: given[f"{name}{len(layers)}"] for short, name in names.items()})
    return layers


def main():
    name, threads = sys.argv[1], int(sys.argv[2])
    # The answers' own way out: what a library prints goes to the errors.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    # Before the libraries are loaded, which read these then: OpenMP's, XLA's.
    os.environ["OMP_NUM_THREADS"] = os.environ["NPROC"] = str(threads)
    module = importlib.import_module(f"with_{name}")
    peer = None
    print(json.dumps({"versions": module.versions()}), file=answers)
    for line in sys.stdin:
        try:
            peer, answer = answered(peer, module, json.loads(line), threads)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers)


main()
