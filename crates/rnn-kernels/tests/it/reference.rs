//! The cells in f64, as literal equations. The backward pass applies the chain rule step by step.

use rnn_kernels::{Cell, Size};

use crate::support::{Case, Number};

/// All results of both passes, in f64.
#[derive(Default)]
pub struct Results {
    pub output: Vec<f64>,
    pub final_c: Vec<f64>,
    pub input: Vec<f64>,
    pub w_ih: Vec<f64>,
    pub w_hh: Vec<f64>,
    pub b_ih: Vec<f64>,
    pub b_hh: Vec<f64>,
    pub initial_h: Vec<f64>,
    pub initial_c: Vec<f64>,
    pub all_h: Vec<f64>,
    pub all_c: Vec<f64>,
}

impl Results {
    /// Returns the results with their names.
    pub fn named(&self) -> [(&'static str, &[f64]); 11] {
        [
            ("output", &self.output),
            ("final_c", &self.final_c),
            ("input", &self.input),
            ("w_ih", &self.w_ih),
            ("w_hh", &self.w_hh),
            ("b_ih", &self.b_ih),
            ("b_hh", &self.b_hh),
            ("initial_h", &self.initial_h),
            ("initial_c", &self.initial_c),
            ("all_h", &self.all_h),
            ("all_c", &self.all_c),
        ]
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The activations of one unit at one step. The meaning of the gates depends on the cell.
#[derive(Clone, Copy, Default)]
struct Unit {
    gates: [f64; 4],
    /// W_hn h + b_hn of the GRU.
    q: f64,
    h_prev: f64,
    c_prev: f64,
    c: f64,
}

/// Computes h_t and c_t of one unit from the pre-activations of the input and of the state.
fn activate(cell: Cell, x: &[f64; 4], h: &[f64; 4], h_prev: f64, c_prev: f64) -> (Unit, f64) {
    let mut unit = Unit { h_prev, c_prev, ..Unit::default() };
    let sum = |g: usize| x[g] + h[g];
    match cell {
        Cell::Rnn => {
            unit.gates[0] = sum(0).tanh();
            (unit, unit.gates[0])
        }
        Cell::Lstm => {
            let [i, f, g, o] = [sigmoid(sum(0)), sigmoid(sum(1)), sum(2).tanh(), sigmoid(sum(3))];
            unit.gates = [i, f, g, o];
            unit.c = f * c_prev + i * g;
            (unit, o * unit.c.tanh())
        }
        Cell::Gru => {
            let (r, z) = (sigmoid(sum(0)), sigmoid(sum(1)));
            unit.q = h[2];
            let n = (x[2] + r * unit.q).tanh();
            unit.gates = [r, z, n, 0.0];
            (unit, (1.0 - z) * n + z * h_prev)
        }
    }
}

/// The gradients that one unit passes on at one step.
struct UnitGrads {
    /// The gradient with respect to the pre-activations of the input.
    x: [f64; 4],
    /// The gradient with respect to the pre-activations of the state.
    h: [f64; 4],
    h_prev: f64,
    c_prev: f64,
    c: f64,
}

/// Applies the chain rule to [`activate`].
fn differentiate(cell: Cell, unit: &Unit, d_h: f64, d_c: f64) -> UnitGrads {
    let mut grads = UnitGrads { x: [0.0; 4], h: [0.0; 4], h_prev: 0.0, c_prev: 0.0, c: d_c };
    match cell {
        Cell::Rnn => {
            grads.x[0] = d_h * (1.0 - unit.gates[0] * unit.gates[0]);
            grads.h = grads.x;
        }
        Cell::Lstm => {
            let [i, f, g, o] = unit.gates;
            let tanh_c = unit.c.tanh();
            grads.c = d_c + d_h * o * (1.0 - tanh_c * tanh_c);
            grads.c_prev = grads.c * f;
            grads.x = [
                grads.c * g * i * (1.0 - i),
                grads.c * unit.c_prev * f * (1.0 - f),
                grads.c * i * (1.0 - g * g),
                d_h * tanh_c * o * (1.0 - o),
            ];
            grads.h = grads.x;
        }
        Cell::Gru => {
            let [r, z, n, _] = unit.gates;
            let d_n = d_h * (1.0 - z) * (1.0 - n * n);
            grads.x = [d_n * unit.q * r * (1.0 - r), d_h * (unit.h_prev - n) * z * (1.0 - z), d_n, 0.0];
            grads.h = [grads.x[0], grads.x[1], d_n * r, 0.0];
            grads.h_prev = d_h * z;
        }
    }
    grads
}

/// Computes all results of a case.
pub fn results<E: Number>(case: &Case<E>) -> Results {
    let Size { steps, batch, input, hidden } = case.size;
    let gates = case.cell.gates();
    let wide = |numbers: &[E]| numbers.iter().map(|x| (*x).into()).collect::<Vec<f64>>();
    let (x, w_ih, w_hh) = (wide(&case.input), wide(&case.w_ih), wide(&case.w_hh));
    let (b_ih, b_hh) = (wide(&case.b_ih), wide(&case.b_hh));
    let (mut h, mut c) = (wide(&case.h), wide(&case.c));
    c.resize(batch * hidden, 0.0);
    let (first_h, mut units) = (h.clone(), Vec::with_capacity(steps * batch * hidden));
    let mut results = Results::default();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for t in 0..steps {
        let (h_prev, c_prev) = (h.clone(), c.clone());
        for b in 0..batch {
            let (x, h_row) = (&x[(t * batch + b) * input..][..input], &h_prev[b * hidden..][..hidden]);
            for u in 0..hidden {
                let (mut of_x, mut of_h) = ([0.0; 4], [0.0; 4]);
                for g in 0..gates {
                    let row = g * hidden + u;
                    of_x[g] = b_ih[row] + dot(&w_ih[row * input..][..input], x);
                    of_h[g] = b_hh[row] + dot(&w_hh[row * hidden..][..hidden], h_row);
                }
                let at = b * hidden + u;
                let (unit, new_h) = activate(case.cell, &of_x, &of_h, h_prev[at], c_prev[at]);
                (h[at], c[at]) = (new_h, unit.c);
                units.push(unit);
            }
        }
        results.output.extend(&h);
    }
    results.final_c = if case.cell.has_c() { c } else { vec![] };
    backward(case, &units, &first_h, &x, &w_ih, &w_hh, &mut results);
    results
}

/// Adds the gradients to the results.
fn backward<E: Number>(
    case: &Case<E>,
    units: &[Unit],
    first_h: &[f64],
    x: &[f64],
    w_ih: &[f64],
    w_hh: &[f64],
    results: &mut Results,
) {
    let Size { steps, batch, input, hidden } = case.size;
    results.input = vec![0.0; x.len()];
    results.w_ih = vec![0.0; w_ih.len()];
    results.w_hh = vec![0.0; w_hh.len()];
    results.b_ih = vec![0.0; case.b_ih.len()];
    results.b_hh = vec![0.0; case.b_hh.len()];
    results.all_h = vec![0.0; units.len()];
    results.all_c = vec![0.0; units.len()];
    let mut d_h: Vec<f64> = case.grad_final_h.iter().map(|x| (*x).into()).collect();
    let mut d_c: Vec<f64> = case.grad_final_c.iter().map(|x| (*x).into()).collect();
    d_c.resize(batch * hidden, 0.0);
    for t in (0..steps).rev() {
        let (mut next_d_h, mut next_d_c) = (vec![0.0; batch * hidden], vec![0.0; batch * hidden]);
        for b in 0..batch {
            for u in 0..hidden {
                let (at, row) = (b * hidden + u, (t * batch + b) * hidden + u);
                let total = d_h[at] + case.grad_output[row].into();
                let grads = differentiate(case.cell, &units[row], total, d_c[at]);
                (results.all_h[row], results.all_c[row]) = (total, grads.c);
                next_d_h[at] += grads.h_prev;
                next_d_c[at] = grads.c_prev;
                for g in 0..case.cell.gates() {
                    let gate = g * hidden + u;
                    results.b_ih[gate] += grads.x[g];
                    results.b_hh[gate] += grads.h[g];
                    for i in 0..input {
                        let x_at = (t * batch + b) * input + i;
                        results.w_ih[gate * input + i] += grads.x[g] * x[x_at];
                        results.input[x_at] += grads.x[g] * w_ih[gate * input + i];
                    }
                    for k in 0..hidden {
                        let h_prev = match t {
                            0 => first_h[b * hidden + k],
                            _ => results.output[((t - 1) * batch + b) * hidden + k],
                        };
                        results.w_hh[gate * hidden + k] += grads.h[g] * h_prev;
                        next_d_h[b * hidden + k] += grads.h[g] * w_hh[gate * hidden + k];
                    }
                }
            }
        }
        (d_h, d_c) = (next_d_h, next_d_c);
    }
    results.initial_h = d_h;
    if case.cell.has_c() {
        results.initial_c = d_c;
    } else {
        results.all_c.clear();
    }
}
