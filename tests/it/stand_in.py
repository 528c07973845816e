#!/usr/bin/env python3
"""A stand-in for a framework in tests, with Python's standard library only. Its results come from `lstm-lab trace`.

STAND_IN is its behaviour: right, forward_only, wrong, incomplete, dies, nonsense or unable. LSTM_LAB is the program.
"""

import json
import os
import struct
import subprocess
import sys
import tempfile
import time

behaviour = os.environ["STAND_IN"]


def say(answer):
    print(json.dumps(answer), flush=True)


def split(data):
    """Returns the header of a safetensors file and its data."""
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8:8 + length]), bytearray(data[8 + length:])


def results(cell, given, to):
    with tempfile.TemporaryDirectory() as scratch:
        trace = ["trace", given, "--cell", cell, "--engine", "builtin", "--out", scratch]
        subprocess.run([os.environ["LSTM_LAB"], *trace], check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(scratch, "trace.safetensors"), "rb") as file:
            header, numbers = split(file.read())
    if behaviour == "wrong":
        place = header["grad.bias_hh_l0"]["data_offsets"][0]
        numbers[place:place + 4] = struct.pack("<f", 1e3)
    if behaviour == "incomplete":
        header = {name: entry for name, entry in header.items() if name != "grad.input"}
        # The format allows no gaps.
        kept, numbers, old = {}, bytearray(), numbers
        for name, entry in header.items():
            start, end = entry["data_offsets"]
            kept[name] = {**entry, "data_offsets": [len(numbers), len(numbers) + end - start]}
            numbers += old[start:end]
        header = kept
    text = json.dumps(header).encode()
    with open(to, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + numbers)


def main():
    say({"versions": {"stand_in": "1.0", "threads": sys.argv[2]}})
    given, times = None, 0
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "load":
            given = request["cell"], request["file"]
            say({"passes": ["forward"] if behaviour == "forward_only" else ["forward", "train"]})
        elif request["do"] == "results":
            results(*given, request["file"])
            say({})
        else:
            times += 1
            # Longer than WARMUP: a sample is then two passes, of which the second is timed.
            start = time.perf_counter()
            time.sleep(0.03)
            # The first pass after two first passes, two warm-up passes and one sample.
            if times == 7 and behaviour == "dies":
                print("out of patience", file=sys.stderr)
                sys.exit(3)
            if times == 7 and behaviour == "nonsense":
                print("soon", flush=True)
            elif times == 7 and behaviour == "unable":
                say({"error": "MemoryError: too long"})
            else:
                say({"seconds": time.perf_counter() - start})


main()
