"""Makes cells.json: values and gradients of the cells that PyTorch does not have, with JAX in float64.

    pip install jax==0.10.2
    python tests/golden/make_cells.py

Each function is a step as its paper states it. Parameters have the shapes of `lstm-lab`: gates are stacked in the
order of the function, and `w_hh` is a matrix for each gate unless the function says otherwise.
"""

import json
import pathlib

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)
T, B, I, H = 5, 2, 3, 4
sigmoid = jax.nn.sigmoid


def cut(p, x, gates):
    """W_x x + b_x, W_h and b_h of each gate."""
    of_input = jnp.split(x @ p["weight_ih_l0"].T + p["bias_ih_l0"], gates, axis=1)
    return of_input, jnp.split(p["weight_hh_l0"], gates), jnp.split(p["bias_hh_l0"], gates)


def relu_rnn(p, x, h):
    """Le, Jaitly & Hinton 2015."""
    (u,), (w,), (b,) = cut(p, x, 1)
    return (jnp.maximum(u + h @ w.T + b, 0),)


def gru_reset_before(p, x, h):
    """Cho et al. 2014, equations 5 to 8."""
    u, w, b = cut(p, x, 3)
    r = sigmoid(u[0] + h @ w[0].T + b[0])
    z = sigmoid(u[1] + h @ w[1].T + b[1])
    n = jnp.tanh(u[2] + (r * h) @ w[2].T + b[2])
    return (z * h + (1 - z) * n,)


def lstm_peephole(p, x, h, c):
    """Graves 2013, equations 7 to 11."""
    u, w, b = cut(p, x, 4)
    i = sigmoid(u[0] + h @ w[0].T + b[0] + p["weight_ci_l0"] * c)
    f = sigmoid(u[1] + h @ w[1].T + b[1] + p["weight_cf_l0"] * c)
    c = f * c + i * jnp.tanh(u[2] + h @ w[2].T + b[2])
    o = sigmoid(u[3] + h @ w[3].T + b[3] + p["weight_co_l0"] * c)
    return o * jnp.tanh(c), c


def cifg(p, x, h, c):
    """Greff et al. 2017: the vanilla LSTM without peepholes, with f = 1 - i."""
    u, w, b = cut(p, x, 3)
    i = 1 - sigmoid(u[0] + h @ w[0].T + b[0])
    z = jnp.tanh(u[1] + h @ w[1].T + b[1])
    o = sigmoid(u[2] + h @ w[2].T + b[2])
    c = z * i + c * (1 - i)
    return jnp.tanh(c) * o, c


def janet(p, x, h):
    """van der Westhuizen & Lasenby 2018, with beta = 1."""
    u, w, b = cut(p, x, 2)
    s = u[0] + h @ w[0].T + b[0]
    new = jnp.tanh(u[1] + h @ w[1].T + b[1])
    return (sigmoid(s) * h + (1 - sigmoid(s - 1)) * new,)


def mgu(p, x, h):
    """Zhou et al. 2016."""
    u, w, b = cut(p, x, 2)
    f = sigmoid(u[0] + h @ w[0].T + b[0])
    new = jnp.tanh(u[1] + (f * h) @ w[1].T + b[1])
    return ((1 - f) * h + f * new,)


def indrnn(p, x, h):
    """Li et al. 2018. The recurrent weight is a vector."""
    return (jnp.maximum(x @ p["weight_ih_l0"].T + p["weight_hh_l0"] * h + p["bias_ih_l0"], 0),)


def minlstm(p, x, h):
    """Feng et al. 2024, without log space. There is no recurrent weight."""
    f, i, new = jnp.split(x @ p["weight_ih_l0"].T + p["bias_ih_l0"], 3, axis=1)
    f, i = sigmoid(f), sigmoid(i)
    return (f / (f + i) * h + i / (f + i) * new,)


def mingru(p, x, h):
    """Feng et al. 2024, without log space. There is no recurrent weight."""
    z, new = jnp.split(x @ p["weight_ih_l0"].T + p["bias_ih_l0"], 2, axis=1)
    return ((1 - sigmoid(z)) * h + sigmoid(z) * new,)


def layer_norm(a, gain, bias):
    """Ba et al. 2016, equation 4, with epsilon 1e-5 as in PyTorch."""
    mean, variance = a.mean(axis=1, keepdims=True), a.var(axis=1, keepdims=True)
    return gain * (a - mean) / jnp.sqrt(variance + 1e-5) + bias


def lstm_layernorm(p, x, h, c):
    """Ba et al. 2016, equations 20 to 22. The sum of three biases is that of PyTorch's two."""
    bias = p["bias_ih_l0"] + p["bias_hh_l0"]
    of_state = layer_norm(h @ p["weight_hh_l0"].T, p["weight_ln_hh_l0"], 0)
    of_input = layer_norm(x @ p["weight_ih_l0"].T, p["weight_ln_ih_l0"], 0)
    i, f, g, o = jnp.split(of_state + of_input + bias, 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * jnp.tanh(g)
    return sigmoid(o) * jnp.tanh(layer_norm(c, p["weight_ln_c_l0"], p["bias_ln_c_l0"])), c


def antisymmetric_rnn(p, x, h):
    """Chang et al. 2019, equations 11 to 13, with epsilon and gamma of 0.01."""
    (u,), (w,), (b,) = cut(p, x, 1)
    return (h + 0.01 * jnp.tanh(h @ (w - w.T - 0.01 * jnp.eye(H)).T + u + b),)


def cornn(p, x, h, z):
    """Rusch & Mishra 2021, equation 3 with explicit damping: h is their y. The constants are those of sMNIST."""
    dt, gamma, epsilon = 0.042, 2.7, 4.7
    (u,), (w,), (b,) = cut(p, x, 1)
    z = z + dt * (jnp.tanh(h @ w.T + z @ p["weight_zh_l0"].T + u + b) - gamma * h - epsilon * z)
    return h + dt * z, z


def slstm(p, x, h, c, n, m):
    """Beck et al. 2024, equations 8 to 17, with a sigmoid as forget gate and one head."""
    u, w, b = cut(p, x, 4)
    log_i = u[0] + h @ w[0].T + b[0]
    log_f = jax.nn.log_sigmoid(u[1] + h @ w[1].T + b[1])
    z = jnp.tanh(u[2] + h @ w[2].T + b[2])
    o = sigmoid(u[3] + h @ w[3].T + b[3])
    next_m = jnp.maximum(log_f + m, log_i)
    i, f = jnp.exp(log_i - next_m), jnp.exp(log_f + m - next_m)
    c, n = f * c + i * z, f * n + i
    return o * c / n, c, n, next_m


def lru(p, x, h, im):
    """Orvieto et al. 2023, section 3.4, with a bias: the recurrence alone. h is the real part of the state."""
    factor = jnp.exp(-jnp.exp(p["nu_log_l0"]) + 1j * jnp.exp(p["theta_log_l0"]))
    re_b, im_b = jnp.split(p["weight_ih_l0"], 2)
    re_bias, im_bias = jnp.split(p["bias_ih_l0"], 2)
    new = x @ (re_b + 1j * im_b).T + re_bias + 1j * im_bias
    state = factor * (h + 1j * im) + jnp.exp(p["gamma_log_l0"]) * new
    return state.real, state.imag


def drawn(key, shapes):
    keys = jax.random.split(key, len(shapes))
    return {name: 0.6 * jax.random.normal(k, shape) for k, (name, shape) in zip(keys, shapes.items())}


def make(seed, step, gates, recurrent="matrices", further={}, carried=()):
    """`further` has shapes by name, and `carried` the names of the states beside h."""
    shapes = {"weight_ih_l0": (gates * H, I), "bias_ih_l0": (gates * H,)}
    shapes["weight_hh_l0"] = {"matrices": (gates * H, H), "vector": (H,), "none": (0, H)}[recurrent]
    shapes["bias_hh_l0"] = (gates * H,) if recurrent == "matrices" else (0,)
    shapes |= {f"{name}_l0": shape for name, shape in further.items()} | {"input": (T, B, I)}
    states = [f"{name}0" for name in ("h", *carried)]
    given = drawn(jax.random.key(seed), shapes | {name: (B, H) for name in states})
    if "n0" in given:  # a normaliser is positive
        given["n0"] = 0.5 + jnp.abs(given["n0"])
    cotangent = jax.random.normal(jax.random.key(100 + seed), (T, B, H))

    def loss(given, nudges):
        """A nudge of 0 on each h: its gradient is the adjoint of that h."""
        state, outputs = [given[name] for name in states], []
        for t in range(T):
            h, *beside = step(given, given["input"][t], *state)
            state = [h + nudges["h"][t], *beside]
            outputs.append(state[0])
        output = jnp.stack(outputs)
        return jnp.sum(output * cotangent), (output, state)

    nudges = {"h": jnp.zeros((T, B, H))}
    gradients, (output, last) = jax.grad(loss, has_aux=True)(given, nudges)
    by_state = jax.grad(lambda nudges: loss(given, nudges)[0])(nudges)
    numbers = lambda a: {"shape": list(a.shape), "data": a.flatten().tolist()}
    expected = {"output": output, "total_h": by_state["h"]}
    expected |= {f"{name}_n": tensor for name, tensor in zip(("h", *carried), last)}
    expected |= {f"grad.{name}": gradient for name, gradient in gradients.items()}
    given["cotangent"] = cotangent
    return {part: {name: numbers(a) for name, a in tensors.items()}
            for part, tensors in [("given", given), ("expected", expected)]}


PEEPHOLES = {name: (H,) for name in ("weight_ci", "weight_cf", "weight_co")}
NORMS = {"weight_ln_ih": (4 * H,), "weight_ln_hh": (4 * H,), "weight_ln_c": (H,), "bias_ln_c": (H,)}
EXPONENTS = {name: (H,) for name in ("nu_log", "theta_log", "gamma_log")}
cells = {
    "relu_rnn": make(1, relu_rnn, 1),
    "gru_reset_before": make(2, gru_reset_before, 3),
    "lstm_peephole": make(3, lstm_peephole, 4, further=PEEPHOLES, carried=("c",)),
    "cifg": make(4, cifg, 3, carried=("c",)),
    "janet": make(5, janet, 2),
    "mgu": make(6, mgu, 2),
    "indrnn": make(7, indrnn, 1, recurrent="vector"),
    "minlstm": make(8, minlstm, 3, recurrent="none"),
    "mingru": make(9, mingru, 2, recurrent="none"),
    "lstm_layernorm": make(10, lstm_layernorm, 4, further=NORMS, carried=("c",)),
    "antisymmetric_rnn": make(11, antisymmetric_rnn, 1),
    "cornn": make(12, cornn, 1, further={"weight_zh": (H, H)}, carried=("z",)),
    "lru": make(14, lru, 2, recurrent="none", further=EXPONENTS, carried=("im",)),
    "slstm": make(13, slstm, 4, carried=("c", "n", "m")),
}
path = pathlib.Path(__file__).with_name("cells.json")
path.write_text(json.dumps(cells, separators=(",", ":")) + "\n")
