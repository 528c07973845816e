"""Compares the gradient norms of two results directories of one config.

usage: compare_norms.py DIR DIR
"""

import csv
import math
import sys
from pathlib import Path

# Norms in f64 differ by rounding, which adds up over the steps.
TOLERANCE = 1e-6

# The settings in which runs of one experiment differ, and the place of a norm in its run.
SETTINGS = ("cell", "engine", "init", "hidden_size", "seq_len", "seed")
PLACE = ("quantity", "layer", "t")


def rows(path):
    with open(path, newline="") as file:
        yield from csv.DictReader(file)


def norms(folder):
    """The log10 norm, as text, by settings and place. It is empty where the norm is exactly 0."""
    runs = {row["run_id"]: tuple(row[name] for name in SETTINGS) for row in rows(folder / "runs.csv")}
    if len(set(runs.values())) != len(runs):
        sys.exit(f"{folder}: expected runs that differ in {', '.join(SETTINGS)}; some do not")
    return {runs[row["run_id"]] + tuple(row[name] for name in PLACE): row["log10_norm"]
            for row in rows(folder / "gradients.csv")}


def main():
    first, second = (norms(Path(folder)) for folder in sys.argv[1:3])
    if not first or first.keys() != second.keys():
        sys.exit(f"expected the same norms in both directories, found {len(first)} and {len(second)}, "
                 f"of which {len(first.keys() & second.keys())} in both")
    zeros = [key for key in first if (first[key] == "") != (second[key] == "")]
    if zeros:
        sys.exit(f"{len(zeros)} norms are 0 in one directory only, such as that at {zeros[0]}")
    differences = {key: abs(float(first[key]) - float(second[key])) for key in first if first[key] != ""}
    # NaN counts as the largest difference. It is above no bound.
    worst = max(differences, key=lambda key: (math.isnan(differences[key]), differences[key]))
    print(f"{len(differences)} norms; largest difference of log10: {differences[worst]:.1e}, at {' '.join(worst)}")
    if not differences[worst] <= TOLERANCE:
        sys.exit(f"expected differences of at most {TOLERANCE:.0e}")


main()
