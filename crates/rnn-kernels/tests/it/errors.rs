//! Requests that the functions refuse.

use rnn_kernels::{
    BackwardInputs, Cell, Error, GradOutputs, Grads, Layer, Options, Outputs, Size, backward, forward,
    forward_saving,
};

use crate::support::Case;

const SIZE: Size = Size { steps: 2, batch: 3, input: 4, hidden: 5 };

fn run(layer: &Layer, final_c: Option<&mut [f32]>) -> Result<(), Error> {
    let mut output = [0.0; 2 * 3 * 5];
    forward(Options::with_threads(1), layer, Outputs { output: &mut output, final_c })
}

#[test]
fn slice_of_wrong_length_is_named_with_its_shape() {
    let case = Case::<f32>::new(Cell::Gru, SIZE, 1);
    let mut layer = case.layer();
    layer.parameters.w_ih = &case.w_ih[1..];
    let error = run(&layer, None).unwrap_err();
    assert_eq!(error, Error::Length { name: "w_ih", expected: vec![15, 4], found: 59 });
    assert_eq!(error.to_string(), "`w_ih` has 59 numbers; expected the shape [15, 4]");
    let mut layer = case.layer();
    layer.input = &case.input[..5];
    assert!(matches!(run(&layer, None), Err(Error::Length { name: "input", .. })));
}

#[test]
fn size_of_zero_is_refused() {
    let case = Case::<f32>::new(Cell::Rnn, SIZE, 1);
    let layer = Layer { size: Size { steps: 0, ..SIZE }, input: &[], ..case.layer() };
    assert_eq!(run(&layer, None), Err(Error::ZeroSize { name: "steps" }));
}

#[test]
fn c_is_required_for_the_lstm_and_refused_for_other_cells() {
    let (lstm, gru) = (Case::<f32>::new(Cell::Lstm, SIZE, 1), Case::<f32>::new(Cell::Gru, SIZE, 1));
    assert!(matches!(run(&lstm.layer(), None), Err(Error::Length { name: "outputs.final_c", .. })));
    let mut layer = lstm.layer();
    layer.initial.c = None;
    let mut final_c = vec![0.0; 15];
    assert!(matches!(run(&layer, Some(&mut final_c)), Err(Error::Length { name: "initial.c", .. })));
    let error = run(&gru.layer(), Some(&mut final_c)).unwrap_err();
    assert!(error.to_string().contains("expected none"), "{error}");
}

#[test]
fn backward_of_another_layer_or_with_wrong_lengths_is_refused() {
    let case = Case::<f32>::new(Cell::Rnn, SIZE, 1);
    let mut output = vec![0.0; 2 * 3 * 5];
    let outputs = Outputs { output: &mut output, final_c: None };
    let saved = forward_saving(Options::with_threads(1), &case.layer(), outputs).unwrap();
    let run = |layer: Layer, output: &[f32], grad_outputs: GradOutputs, grads: Grads<Option<&mut [f32]>>| {
        backward(BackwardInputs { layer, output, saved: &saved, grad_outputs }, grads)
    };
    let none = GradOutputs::default();
    let other = Case::<f32>::new(Cell::Rnn, Size { batch: 2, ..SIZE }, 1);
    let error = run(other.layer(), &output[..20], none, Grads::default()).unwrap_err();
    assert!(matches!(error, Error::OtherLayer { .. }) && error.to_string().contains("batch: 2"), "{error}");
    let short = run(case.layer(), &output[1..], none, Grads::default());
    assert!(matches!(short, Err(Error::Length { name: "output", .. })));
    let mut grad = [0.0; 3];
    let wrong = run(case.layer(), &output, none, Grads { b_hh: Some(&mut grad), ..Grads::default() });
    assert!(matches!(wrong, Err(Error::Length { name: "grads.b_hh", .. })));
    let upstream = GradOutputs { final_c: Some(&grad), ..none };
    let wrong = run(case.layer(), &output, upstream, Grads::default());
    assert!(matches!(wrong, Err(Error::Length { name: "grad final_c", .. })));
}
