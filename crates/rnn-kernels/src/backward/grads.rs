//! The upstream gradients of a backward pass, and the memory for its results.

use super::shared::Shared;

/// The gradients of the loss with respect to the outputs. `None` means 0.
#[derive(Clone, Copy)]
pub struct Upstream<'a> {
    /// The gradient with respect to the output, `[T, B, H]`.
    pub output: Option<&'a [f32]>,
    /// The gradient with respect to the last h, `[B, H]`.
    pub h: Option<&'a [f32]>,
    /// The gradient with respect to the last c, `[B, H]`.
    pub c: Option<&'a [f32]>,
}

/// The memory for each gradient, in the shape of its variable. Empty if the gradient is not asked for.
#[derive(Default)]
pub struct Wanted<'a> {
    /// `[T, B, I]`.
    pub input: &'a mut [f32],
    /// `[G·H, I]`.
    pub w_ih: &'a mut [f32],
    /// `[G·H, H]`.
    pub w_hh: &'a mut [f32],
    /// `[G·H]`.
    pub b_ih: &'a mut [f32],
    /// `[G·H]`.
    pub b_hh: &'a mut [f32],
    /// `[B, H]`.
    pub h: &'a mut [f32],
    /// `[B, H]`.
    pub c: &'a mut [f32],
    /// The adjoints of h_1 … h_T, `[T, B, H]`.
    pub total_h: &'a mut [f32],
    /// The adjoints of c_1 … c_T, `[T, B, H]`.
    pub total_c: &'a mut [f32],
}

/// The memory of [`Wanted`], shared by the threads of a job.
pub struct SharedWanted<'a> {
    pub input: Shared<'a>,
    pub w_ih: Shared<'a>,
    pub w_hh: Shared<'a>,
    pub b_ih: Shared<'a>,
    pub b_hh: Shared<'a>,
    pub h: Shared<'a>,
    pub c: Shared<'a>,
    pub total_h: Shared<'a>,
    pub total_c: Shared<'a>,
}

impl<'a> SharedWanted<'a> {
    /// # Safety
    /// As for [`Shared::new`].
    pub unsafe fn new(wanted: Wanted<'a>) -> SharedWanted<'a> {
        let share = |numbers: &'a mut [f32]| {
            // SAFETY: by this function's own contract; the borrow lasts as long.
            unsafe { Shared::new(numbers.as_mut_ptr(), numbers.len()) }
        };
        SharedWanted {
            input: share(wanted.input),
            w_ih: share(wanted.w_ih),
            w_hh: share(wanted.w_hh),
            b_ih: share(wanted.b_ih),
            b_hh: share(wanted.b_hh),
            h: share(wanted.h),
            c: share(wanted.c),
            total_h: share(wanted.total_h),
            total_c: share(wanted.total_c),
        }
    }
}
