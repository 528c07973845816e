//! Trains an LSTM by plain gradient descent to remember the sign of its first input over 20 steps.
//!
//! The prediction is the sum of the final h. The loss is the mean squared error against the sign.

#![allow(clippy::print_stderr)]

use rnn_kernels::{
    BackwardInputs, Cell, Error, GradOutputs, Grads, InitialState, Layer, Options, Outputs, Parameters, Size,
    backward, forward_saving,
};

const SIZE: Size = Size { steps: 20, batch: 32, input: 1, hidden: 16 };
const STEPS: usize = 300;
const LEARNING_RATE: f32 = 0.1;

/// A linear congruential generator of numbers in −1 … 1, which is enough for an example.
struct Random(u64);

impl Random {
    fn number(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    fn numbers(&mut self, count: usize, scale: f32) -> Vec<f32> {
        (0..count).map(|_| scale * self.number()).collect()
    }
}

fn main() -> Result<(), Error> {
    let Size { steps, batch, input, hidden } = SIZE;
    let gates = Cell::Lstm.gates();
    let mut random = Random(1);
    let mut parameters = [gates * hidden * input, gates * hidden * hidden, gates * hidden, gates * hidden]
        .map(|count| random.numbers(count, 0.25));
    let mut grads = parameters.clone().map(|parameter| vec![0.0; parameter.len()]);
    let zero = vec![0.0; batch * hidden];
    let (mut output, mut final_c) = (vec![0.0; steps * batch * hidden], vec![0.0; batch * hidden]);
    for step in 0..=STEPS {
        let x = random.numbers(steps * batch * input, 1.0);
        let [w_ih, w_hh, b_ih, b_hh] = &parameters;
        let layer = Layer {
            cell: Cell::Lstm,
            size: SIZE,
            parameters: Parameters { w_ih, w_hh, b_ih, b_hh },
            input: &x,
            initial: InitialState { h: &zero, c: Some(&zero) },
        };
        let outputs = Outputs { output: &mut output, final_c: Some(&mut final_c) };
        let saved = forward_saving(Options::default(), &layer, outputs)?;

        let mut loss = 0.0;
        let mut d_final_h = vec![0.0; batch * hidden];
        let final_h = &output[(steps - 1) * batch * hidden..];
        for (b, (h, d_h)) in final_h.chunks(hidden).zip(d_final_h.chunks_mut(hidden)).enumerate() {
            let error = h.iter().sum::<f32>() - x[b * input].signum();
            loss += error * error / batch as f32;
            d_h.fill(2.0 * error / batch as f32);
        }
        if step % 50 == 0 {
            eprintln!("step {step:3}: loss {loss:.4}");
        }

        let inputs = BackwardInputs {
            layer,
            output: &output,
            saved: &saved,
            grad_outputs: GradOutputs { final_h: Some(&d_final_h), ..GradOutputs::default() },
        };
        let [w_ih, w_hh, b_ih, b_hh] = grads.each_mut().map(|grad| Some(grad.as_mut_slice()));
        backward(inputs, Grads { w_ih, w_hh, b_ih, b_hh, ..Grads::default() })?;
        for (parameter, grad) in parameters.iter_mut().zip(&grads) {
            parameter.iter_mut().zip(grad).for_each(|(x, grad)| *x -= LEARNING_RATE * grad);
        }
    }
    Ok(())
}
