//! Random layers, and the results of the kernels for them.

use rnn_kernels::{
    BackwardInputs, Cell, Element, GradOutputs, Grads, InitialState, Isa, Layer, Options, Outputs,
    Parameters, Size, backward, forward, forward_saving,
};

/// A layer with random numbers and upstream gradients.
#[derive(Debug)]
pub struct Case<E> {
    pub cell: Cell,
    pub size: Size,
    pub input: Vec<E>,
    pub w_ih: Vec<E>,
    pub w_hh: Vec<E>,
    pub b_ih: Vec<E>,
    pub b_hh: Vec<E>,
    pub h: Vec<E>,
    pub c: Vec<E>,
    pub grad_output: Vec<E>,
    pub grad_final_h: Vec<E>,
    pub grad_final_c: Vec<E>,
}

/// A type of number with its rounding.
pub trait Number: Element {
    /// The distance from 1 to the next number.
    const EPSILON: f64;
    /// Returns the nearest number.
    fn rounded(x: f64) -> Self;
}

impl Number for f32 {
    const EPSILON: f64 = f32::EPSILON as f64;

    fn rounded(x: f64) -> f32 {
        x as f32
    }
}

impl Number for f64 {
    const EPSILON: f64 = f64::EPSILON;

    fn rounded(x: f64) -> f64 {
        x
    }
}

/// Returns a xorshift generator of numbers in −1 … 1.
fn random(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

impl<E: Number> Case<E> {
    pub fn new(cell: Cell, size: Size, seed: u64) -> Case<E> {
        let Size { steps, batch, input, hidden } = size;
        let mut next = random(seed);
        let mut draw =
            |count: usize, scale: f64| (0..count).map(|_| E::rounded(scale * next())).collect::<Vec<E>>();
        let (stacked, scale) = (cell.gates() * hidden, 1.0 / (hidden as f64).sqrt());
        let of_c = if cell.has_c() { batch * hidden } else { 0 };
        Case {
            cell,
            size,
            input: draw(steps * batch * input, 1.5),
            w_ih: draw(stacked * input, scale),
            w_hh: draw(stacked * hidden, scale),
            b_ih: draw(stacked, scale),
            b_hh: draw(stacked, scale),
            h: draw(batch * hidden, 1.0),
            c: draw(of_c, 1.0),
            grad_output: draw(steps * batch * hidden, 1.0),
            grad_final_h: draw(batch * hidden, 1.0),
            grad_final_c: draw(of_c, 1.0),
        }
    }

    pub fn layer(&self) -> Layer<'_, E> {
        Layer {
            cell: self.cell,
            size: self.size,
            parameters: Parameters { w_ih: &self.w_ih, w_hh: &self.w_hh, b_ih: &self.b_ih, b_hh: &self.b_hh },
            input: &self.input,
            initial: InitialState { h: &self.h, c: self.cell.has_c().then_some(&self.c) },
        }
    }

    /// Returns the output and final c of a pass that saves nothing.
    pub fn forward(&self, isa: Isa, threads: usize) -> (Vec<E>, Vec<E>) {
        let (mut output, mut final_c) =
            (vec![E::rounded(f64::NAN); self.grad_output.len()], vec![E::rounded(f64::NAN); self.c.len()]);
        let outputs = Outputs { output: &mut output, final_c: self.cell.has_c().then_some(&mut final_c[..]) };
        forward(Options { isa, threads }, &self.layer(), outputs).unwrap();
        (output, final_c)
    }

    /// Returns the results of both passes with their names, in the order of the reference.
    pub fn results(&self, isa: Isa, threads: usize) -> Vec<(&'static str, Vec<E>)> {
        let new = |like: &[E]| vec![E::rounded(f64::NAN); like.len()];
        let has_c = self.cell.has_c();
        let (mut output, mut final_c) = (new(&self.grad_output), new(&self.c));
        let outputs = Outputs { output: &mut output, final_c: has_c.then_some(&mut final_c[..]) };
        let saved = forward_saving(Options { isa, threads }, &self.layer(), outputs).unwrap();
        let mut grads = Grads {
            input: new(&self.input),
            w_ih: new(&self.w_ih),
            w_hh: new(&self.w_hh),
            b_ih: new(&self.b_ih),
            b_hh: new(&self.b_hh),
            initial_h: new(&self.h),
            initial_c: new(&self.c),
            all_h: new(&output),
            all_c: if has_c { new(&output) } else { vec![] },
        };
        let inputs = BackwardInputs {
            layer: self.layer(),
            output: &output,
            saved: &saved,
            grad_outputs: GradOutputs {
                output: Some(&self.grad_output),
                final_h: Some(&self.grad_final_h),
                final_c: has_c.then_some(&self.grad_final_c),
            },
        };
        let some = |grad: &mut Vec<E>| (!grad.is_empty()).then(|| std::mem::take(grad));
        let mut taken = Grads::map(grads.as_mut(), some);
        backward(inputs, taken.as_mut().map(|grad| grad.as_deref_mut())).unwrap();
        let Grads { input, w_ih, w_hh, b_ih, b_hh, initial_h, initial_c, all_h, all_c } =
            taken.map(Option::unwrap_or_default);
        vec![
            ("output", output),
            ("final_c", final_c),
            ("input", input),
            ("w_ih", w_ih),
            ("w_hh", w_hh),
            ("b_ih", b_ih),
            ("b_hh", b_hh),
            ("initial_h", initial_h),
            ("initial_c", initial_c),
            ("all_h", all_h),
            ("all_c", all_c),
        ]
    }
}

/// Returns ‖found − expected‖ / (1 + ‖expected‖) in units of ε. The norm is the largest magnitude.
///
/// The 1 covers the gradients of small layers, whose terms may cancel.
pub fn error<E: Number>(found: &[E], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let max = |values: &mut dyn Iterator<Item = f64>| values.map(f64::abs).fold(0.0, nan_max);
    let difference = max(&mut found.iter().zip(expected).map(|(a, b)| (*a).into() - b));
    difference / E::EPSILON / (1.0 + max(&mut expected.iter().copied()))
}

/// Returns the larger number. NaN is the largest.
fn nan_max(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}
