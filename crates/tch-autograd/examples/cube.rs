//! The gradient of x³ through a closure, compared with the gradient of libtorch's own operations.

use std::io::Write;

use tch::{Kind, Tensor};
use tch_autograd::{Error, Saved, custom_function};

/// Returns x³, with 3x² as the derivative.
fn cube(x: &Tensor) -> Result<Tensor, Error> {
    let value = tch::no_grad(|| x * x * x);
    let saved = Saved::new(x);
    let mut outputs = custom_function(&[x], vec![value], move |grad| {
        let grad_y = grad.outputs[0].as_ref()?;
        Some(vec![Some(grad_y * saved.get().square() * 3.0)])
    })?;
    Ok(outputs.remove(0))
}

fn gradient(y: &Tensor, x: &Tensor) -> Tensor {
    Tensor::run_backward(&[y.sum(Kind::Double)], &[x], false, false).remove(0)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let x = Tensor::from_slice(&[-1.0, 0.5, 2.0]).set_requires_grad(true);
    // Operations of libtorch come before and after the closure.
    let by_closure = gradient(&cube(&x.sin())?.exp(), &x);
    let by_autograd = gradient(&x.sin().pow_tensor_scalar(3).exp(), &x);
    writeln!(std::io::stdout(), "by closure: {by_closure}by autograd: {by_autograd}")?;
    Ok(())
}
