//! The inputs of the backward pass (upstream gradients), and the buffers for its results.

use crate::error::Error;
use crate::layer::{Layer, Size, check_len};

/// The gradients of the loss with respect to the outputs of the layer. `None` means 0.
#[derive(Clone, Copy, Debug)]
pub struct GradOutputs<'a, E = f32> {
    /// The gradient with respect to h_1 … h_T, `[T, B, H]`.
    pub output: Option<&'a [E]>,
    /// The gradient with respect to h_T as final state, `[B, H]`. It is added to the gradient from
    /// `output`.
    pub final_h: Option<&'a [E]>,
    /// The gradient with respect to c_T, `[B, H]`, for the LSTM only.
    pub final_c: Option<&'a [E]>,
}

/// No gradients.
impl<E> Default for GradOutputs<'_, E> {
    fn default() -> Self {
        GradOutputs { output: None, final_h: None, final_c: None }
    }
}

impl<'a, E> GradOutputs<'a, E> {
    /// Returns all slices that are given.
    pub(crate) fn slices(&self) -> impl Iterator<Item = &'a [E]> {
        [self.output, self.final_h, self.final_c].into_iter().flatten()
    }

    /// Checks the length of every slice.
    pub(crate) fn check(&self, layer: &Layer<E>) -> Result<(), Error> {
        let Size { steps, batch, hidden, .. } = layer.size;
        if let Some(output) = self.output {
            check_len("grad output", output, &[steps, batch, hidden])?;
        }
        if let Some(h) = self.final_h {
            check_len("grad final_h", h, &[batch, hidden])?;
        }
        self.final_c.map_or(Ok(()), |c| layer.check_c("grad final_c", Some(c)))
    }
}

/// One value for each gradient of the backward pass.
///
/// [`backward`](crate::backward()) takes a `Grads<Option<&mut [E]>>`. `None` skips a gradient and its cost.
/// Each slice is overwritten, not added to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Grads<T> {
    /// The gradient with respect to the input, `[T, B, I]`.
    pub input: T,
    /// The gradient with respect to W_ih, `[G·H, I]`.
    pub w_ih: T,
    /// The gradient with respect to W_hh, `[G·H, H]`.
    pub w_hh: T,
    /// The gradient with respect to b_ih, `[G·H]`.
    pub b_ih: T,
    /// The gradient with respect to b_hh, `[G·H]`.
    pub b_hh: T,
    /// The gradient with respect to h_0, `[B, H]`.
    pub initial_h: T,
    /// The gradient with respect to c_0, `[B, H]`, for the LSTM only.
    pub initial_c: T,
    /// The gradient with respect to each of h_1 … h_T, through all later steps, `[T, B, H]`.
    pub all_h: T,
    /// The gradient with respect to each of c_1 … c_T, through all later steps, `[T, B, H]`, for the LSTM
    /// only.
    pub all_c: T,
}

impl<T> Grads<T> {
    /// Returns `f` of every value.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> Grads<U> {
        Grads {
            input: f(self.input),
            w_ih: f(self.w_ih),
            w_hh: f(self.w_hh),
            b_ih: f(self.b_ih),
            b_hh: f(self.b_hh),
            initial_h: f(self.initial_h),
            initial_c: f(self.initial_c),
            all_h: f(self.all_h),
            all_c: f(self.all_c),
        }
    }

    /// Returns references to all values.
    pub fn as_mut(&mut self) -> Grads<&mut T> {
        Grads {
            input: &mut self.input,
            w_ih: &mut self.w_ih,
            w_hh: &mut self.w_hh,
            b_ih: &mut self.b_ih,
            b_hh: &mut self.b_hh,
            initial_h: &mut self.initial_h,
            initial_c: &mut self.initial_c,
            all_h: &mut self.all_h,
            all_c: &mut self.all_c,
        }
    }
}

impl<E> Grads<Option<&mut [E]>> {
    /// Checks the length of every slice.
    pub(crate) fn check(&self, layer: &Layer<E>) -> Result<(), Error> {
        let Size { steps, batch, input, hidden } = layer.size;
        let stacked = layer.cell.gates() * hidden;
        let check = |name, grad: &Option<&mut [E]>, shape: &[usize]| {
            grad.as_deref().map_or(Ok(()), |grad| check_len(name, grad, shape))
        };
        check("grads.input", &self.input, &[steps, batch, input])?;
        check("grads.w_ih", &self.w_ih, &[stacked, input])?;
        check("grads.w_hh", &self.w_hh, &[stacked, hidden])?;
        check("grads.b_ih", &self.b_ih, &[stacked])?;
        check("grads.b_hh", &self.b_hh, &[stacked])?;
        check("grads.initial_h", &self.initial_h, &[batch, hidden])?;
        check("grads.all_h", &self.all_h, &[steps, batch, hidden])?;
        if layer.cell.has_c() {
            check("grads.initial_c", &self.initial_c, &[batch, hidden])?;
            return check("grads.all_c", &self.all_c, &[steps, batch, hidden]);
        }
        check("grads.initial_c", &self.initial_c, &[])?;
        check("grads.all_c", &self.all_c, &[])
    }
}
