//! What a backward pass is given from above, and where what is wanted of it goes.

use super::shared::Shared;

/// What comes from above: gradients of the loss, where it depends on them.
#[derive(Clone, Copy)]
pub struct Upstream<'a> {
    /// Of the output, `[T, B, H]`.
    pub output: Option<&'a [f32]>,
    /// Of the last h, `[B, H]`.
    pub h: Option<&'a [f32]>,
    /// Of the last c, `[B, H]`.
    pub c: Option<&'a [f32]>,
}

/// Where the wanted gradients go, each shaped like what it is the gradient of; empty where it is not wanted.
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
    /// Those of c_1 … c_T.
    pub total_c: &'a mut [f32],
}

/// [`Wanted`], for the threads of a job.
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
    /// As [`Shared::new`] has it.
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
