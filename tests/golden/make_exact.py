"""Makes exact.json: adjoint norms far below what a float can hold, with mpmath's arbitrary precision.

    pip install mpmath==1.3.0
    python tests/golden/make_exact.py

Parameters and inputs are short binary fractions, the same in any precision:

    entry k of all parameters in order (w_ih, w_hh, b_ih, b_hh, row by row) = ((37 k + 11) mod 64 - 32) / 64
    x[t][i] = ((7 t + 3 i) mod 11) / 16 - 5/16,   t from 0
    loss = 0.75 h_T[0] - 0.5 h_T[1]

The numbers are log10 of the L2 norms of dL/dh_t and dL/dc_t, with 50 digits behind every operation.
"""

import json
import pathlib

from mpmath import log10, matrix, mp, mpf, sqrt, tanh

mp.dps = 50
I = H = 2
STEPS = 5000
AT = [1, 2, 100, 1000, 2500, 4000, 4900, 4990, 4999, 5000]


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def parameters(gates):
    k = 0

    def take(rows, columns):
        nonlocal k
        out = matrix(rows, columns)
        for r in range(rows):
            for c in range(columns):
                out[r, c] = mpf((37 * k + 11) % 64 - 32) / 64
                k += 1
        return out

    n = gates * H
    return take(n, I), take(n, H), take(n, 1), take(n, 1)


def cut(a, n):
    return [a[n * H + j] for j in range(H)]


def norm(v):
    return sqrt(sum(x * x for x in v))


def run(kind):
    gates = {"rnn": 1, "lstm": 4, "gru": 3}[kind]
    w_ih, w_hh, b_ih, b_hh = parameters(gates)
    h, c = [mpf(0)] * H, [mpf(0)] * H
    tape = []
    for t in range(STEPS):
        x = matrix([mpf((7 * t + 3 * i) % 11) / 16 - mpf(5) / 16 for i in range(I)])
        u, v = w_ih * x + b_ih, w_hh * matrix(h) + b_hh
        if kind == "rnn":
            new = [tanh(u[j] + v[j]) for j in range(H)]
            tape.append(new)
            h = new
        elif kind == "lstm":
            i, f, g, o = [cut(u + v, n) for n in range(4)]
            i, f, o = [[sigmoid(x) for x in gate] for gate in (i, f, o)]
            g = [tanh(x) for x in g]
            new_c = [f[j] * c[j] + i[j] * g[j] for j in range(H)]
            tc = [tanh(x) for x in new_c]
            tape.append((i, f, g, o, c, tc))
            h, c = [o[j] * tc[j] for j in range(H)], new_c
        else:
            r = [sigmoid(u[j] + v[j]) for j in range(H)]
            z = [sigmoid(u[H + j] + v[H + j]) for j in range(H)]
            q = cut(v, 2)
            n = [tanh(u[2 * H + j] + r[j] * q[j]) for j in range(H)]
            tape.append((r, z, q, n, h))
            h = [(1 - z[j]) * n[j] + z[j] * h[j] for j in range(H)]
    d_h, d_c = [mpf("0.75"), mpf("-0.5")], [mpf(0)] * H
    found = {"total_h": {}, "total_c": {}}
    for t in range(STEPS, 0, -1):
        saved = tape[t - 1]
        keep = [mpf(0)] * H
        if kind == "rnn":
            delta = [d_h[j] * (1 - saved[j] ** 2) for j in range(H)]
        elif kind == "lstm":
            i, f, g, o, c_last, tc = saved
            d_c = [d_c[j] + d_h[j] * o[j] * (1 - tc[j] ** 2) for j in range(H)]
            delta = [d_c[j] * g[j] * i[j] * (1 - i[j]) for j in range(H)]
            delta += [d_c[j] * c_last[j] * f[j] * (1 - f[j]) for j in range(H)]
            delta += [d_c[j] * i[j] * (1 - g[j] ** 2) for j in range(H)]
            delta += [d_h[j] * tc[j] * o[j] * (1 - o[j]) for j in range(H)]
        else:
            r, z, q, n, h_last = saved
            d_n = [d_h[j] * (1 - z[j]) * (1 - n[j] ** 2) for j in range(H)]
            delta = [d_n[j] * q[j] * r[j] * (1 - r[j]) for j in range(H)]
            delta += [d_h[j] * (h_last[j] - n[j]) * z[j] * (1 - z[j]) for j in range(H)]
            delta += [d_n[j] * r[j] for j in range(H)]
            keep = [d_h[j] * z[j] for j in range(H)]
        if t in AT:
            found["total_h"][t] = float(log10(norm(d_h)))
            if kind == "lstm":
                found["total_c"][t] = float(log10(norm(d_c)))
        back = w_hh.T * matrix(delta)
        d_h = [back[j] + keep[j] for j in range(H)]
        if kind == "lstm":
            d_c = [d_c[j] * f[j] for j in range(H)]
    return found


found = {kind: run(kind) for kind in ["rnn", "lstm", "gru"]}
path = pathlib.Path(__file__).with_name("exact.json")
path.write_text(json.dumps(found, indent=1) + "\n")
print({kind: profile["total_h"][1] for kind, profile in found.items()})
