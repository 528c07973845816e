"""Makes exact.json: adjoint norms far below what a float can hold, with mpmath's arbitrary precision.

    pip install mpmath==1.3.0
    python tests/golden/make_exact.py

Parameters and inputs are short binary fractions, the same in any precision:

    entry k of all parameters in order (w_ih, w_hh, b_ih, b_hh, peepholes, row by row) = ((37 k + 11) mod 64 - 32) / 64
    x[t][i] = ((7 t + 3 i) mod 11) / 16 - 5/16,   t from 0
    loss = 0.75 h_T[0] - 0.5 h_T[1]

`norms` are log10 of the L2 norms of dL/dh_t and dL/dc_t, with 50 digits behind every operation. They are of five
cells, of which two have no derivation in the program. `singular` are log10 of
the singular values of ds_T/ds_{T-lag} for T = 1000, s = (h, c) for the lstm and h for the others, with 4000 digits.

`saturated` are norms for T = 300 with all parameters 64 times as large, with 400 digits: there 1 - h^2 is a small difference of
large numbers, and in a float often exactly 0.
"""

import json
import pathlib

from mpmath import log10, matrix, mp, mpf, sqrt, tanh

mp.dps = 50
I = H = 2
STEPS = 5000
SHORT = 1000
LAGS = [1, 10, 100, 999]
AT = [1, 2, 100, 1000, 2500, 4000, 4900, 4990, 4999, 5000]
SATURATED = 300
SATURATED_AT = [1, 2, 100, 200, 250, 290, 299, 300]


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def parameters(gates, scale):
    k = 0

    def take(rows, columns):
        nonlocal k
        out = matrix(rows, columns)
        for r in range(rows):
            for c in range(columns):
                out[r, c] = scale * mpf((37 * k + 11) % 64 - 32) / 64
                k += 1
        return out

    n = gates * H
    return take(n, I), take(n, H), take(n, 1), take(n, 1), [take(H, 1) for _ in range(3)]


def cut(a, n):
    return [a[n * H + j] for j in range(H)]


def norm(v):
    return sqrt(sum(x * x for x in v))


def forward(kind, steps, scale=1):
    """What the backward pass needs of each step."""
    gates = {"rnn": 1, "lstm": 4, "gru": 3, "janet": 2, "lstm_peephole": 4}[kind]
    w_ih, w_hh, b_ih, b_hh, peepholes = parameters(gates, scale)
    h, c = [mpf(0)] * H, [mpf(0)] * H
    tape = []
    for t in range(steps):
        x = matrix([mpf((7 * t + 3 * i) % 11) / 16 - mpf(5) / 16 for i in range(I)])
        u, v = w_ih * x + b_ih, w_hh * matrix(h) + b_hh
        if kind == "rnn":
            h = [tanh(u[j] + v[j]) for j in range(H)]
            tape.append(h)
        elif kind == "lstm":
            i, f, g, o = [cut(u + v, n) for n in range(4)]
            i, f, o = [[sigmoid(x) for x in gate] for gate in (i, f, o)]
            g = [tanh(x) for x in g]
            new_c = [f[j] * c[j] + i[j] * g[j] for j in range(H)]
            tc = [tanh(x) for x in new_c]
            tape.append((i, f, g, o, c, tc))
            h, c = [o[j] * tc[j] for j in range(H)], new_c
        elif kind == "lstm_peephole":
            w_i, w_f, w_o = peepholes
            i, f, g, o = [cut(u + v, n) for n in range(4)]
            i = [sigmoid(i[j] + w_i[j] * c[j]) for j in range(H)]
            f = [sigmoid(f[j] + w_f[j] * c[j]) for j in range(H)]
            g = [tanh(x) for x in g]
            new_c = [f[j] * c[j] + i[j] * g[j] for j in range(H)]
            o = [sigmoid(o[j] + w_o[j] * new_c[j]) for j in range(H)]
            tc = [tanh(x) for x in new_c]
            tape.append((i, f, g, o, c, tc, peepholes))
            h, c = [o[j] * tc[j] for j in range(H)], new_c
        elif kind == "janet":
            s, g = [cut(u + v, n) for n in range(2)]
            f, a, g = [sigmoid(x) for x in s], [sigmoid(1 - x) for x in s], [tanh(x) for x in g]
            tape.append((f, a, g, h))
            h = [f[j] * h[j] + a[j] * g[j] for j in range(H)]
        else:
            r = [sigmoid(u[j] + v[j]) for j in range(H)]
            z = [sigmoid(u[H + j] + v[H + j]) for j in range(H)]
            q = cut(v, 2)
            n = [tanh(u[2 * H + j] + r[j] * q[j]) for j in range(H)]
            tape.append((r, z, q, n, h))
            h = [(1 - z[j]) * n[j] + z[j] * h[j] for j in range(H)]
    return tape, w_hh


def total_c(kind, saved, d_h, d_c):
    """The adjoint of c_t with what reaches it through h_t."""
    if kind == "lstm_peephole":
        _, _, _, o, _, tc, (_, _, w_o) = saved
        through_o = [d_h[j] * tc[j] * o[j] * (1 - o[j]) * w_o[j] for j in range(H)]
        return [d_c[j] + d_h[j] * o[j] * (1 - tc[j] ** 2) + through_o[j] for j in range(H)]
    if kind != "lstm":
        return d_c
    _, _, _, o, _, tc = saved
    return [d_c[j] + d_h[j] * o[j] * (1 - tc[j] ** 2) for j in range(H)]


def back(kind, saved, w_hh, d_h, d_c):
    """From the adjoints of h_t and c_t (in all) to those of h_{t-1} and c_{t-1} through step t."""
    keep = [mpf(0)] * H
    if kind == "rnn":
        delta = [d_h[j] * (1 - saved[j] ** 2) for j in range(H)]
    elif kind == "lstm":
        i, f, g, o, c_last, tc = saved
        delta = [d_c[j] * g[j] * i[j] * (1 - i[j]) for j in range(H)]
        delta += [d_c[j] * c_last[j] * f[j] * (1 - f[j]) for j in range(H)]
        delta += [d_c[j] * i[j] * (1 - g[j] ** 2) for j in range(H)]
        delta += [d_h[j] * tc[j] * o[j] * (1 - o[j]) for j in range(H)]
        d_c = [d_c[j] * f[j] for j in range(H)]
    elif kind == "lstm_peephole":
        i, f, g, o, c_last, tc, (w_i, w_f, _) = saved
        d_i = [d_c[j] * g[j] * i[j] * (1 - i[j]) for j in range(H)]
        d_f = [d_c[j] * c_last[j] * f[j] * (1 - f[j]) for j in range(H)]
        delta = d_i + d_f + [d_c[j] * i[j] * (1 - g[j] ** 2) for j in range(H)]
        delta += [d_h[j] * tc[j] * o[j] * (1 - o[j]) for j in range(H)]
        d_c = [d_c[j] * f[j] + d_i[j] * w_i[j] + d_f[j] * w_f[j] for j in range(H)]
    elif kind == "janet":
        f, a, g, h_last = saved
        delta = [d_h[j] * (h_last[j] * f[j] * (1 - f[j]) - g[j] * a[j] * (1 - a[j])) for j in range(H)]
        delta += [d_h[j] * a[j] * (1 - g[j] ** 2) for j in range(H)]
        keep = [d_h[j] * f[j] for j in range(H)]
    else:
        r, z, q, n, h_last = saved
        d_n = [d_h[j] * (1 - z[j]) * (1 - n[j] ** 2) for j in range(H)]
        delta = [d_n[j] * q[j] * r[j] * (1 - r[j]) for j in range(H)]
        delta += [d_h[j] * (h_last[j] - n[j]) * z[j] * (1 - z[j]) for j in range(H)]
        delta += [d_n[j] * r[j] for j in range(H)]
        keep = [d_h[j] * z[j] for j in range(H)]
    through = w_hh.T * matrix(delta)
    return [through[j] + keep[j] for j in range(H)], d_c


def norms(kind, steps=STEPS, at=AT, scale=1):
    tape, w_hh = forward(kind, steps, scale)
    d_h, d_c = [mpf("0.75"), mpf("-0.5")], [mpf(0)] * H
    found = {"total_h": {}, "total_c": {}}
    for t in range(steps, 0, -1):
        d_c = total_c(kind, tape[t - 1], d_h, d_c)
        if t in at:
            found["total_h"][t] = float(log10(norm(d_h)))
            if kind in HAS_C:
                found["total_c"][t] = float(log10(norm(d_c)))
        d_h, d_c = back(kind, tape[t - 1], w_hh, d_h, d_c)
    return found


def singular(kind):
    tape, w_hh = forward(kind, SHORT)
    size = 2 * H if kind == "lstm" else H
    rows = [[mpf(int(r == j)) for j in range(size)] for r in range(size)]
    found = {}
    for lag in range(1, SHORT):
        saved = tape[SHORT - lag]
        for r, row in enumerate(rows):
            d_h, d_c = row[:H], row[H:]
            d_h, d_c = back(kind, saved, w_hh, d_h, total_c(kind, saved, d_h, d_c))
            rows[r] = d_h + d_c
        if lag in LAGS:
            values = mp.svd_r(matrix(rows), compute_uv=False)
            found[lag] = sorted((float(log10(value)) for value in values), reverse=True)
    return found


KINDS = ["rnn", "lstm", "gru"]
HAS_C = ["lstm", "lstm_peephole"]
found = {"norms": {kind: norms(kind) for kind in KINDS + ["janet", "lstm_peephole"]}}
mp.dps = 400
found["saturated"] = {kind: norms(kind, SATURATED, SATURATED_AT, 64) for kind in KINDS}
mp.dps = 4000
found["singular"] = {kind: singular(kind) for kind in KINDS}
path = pathlib.Path(__file__).with_name("exact.json")
path.write_text(json.dumps(found, indent=1) + "\n")
print({kind: of_kind[LAGS[-1]] for kind, of_kind in found["singular"].items()})
