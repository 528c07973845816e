//! The working memory of one pass.

use std::cell::RefCell;

use super::buffer::Buffer;
use super::shared::Shared;
use crate::number::Number;

/// The owner of all buffers of a pass. Views of them live as long as the borrow of the workspace.
pub struct Workspace(RefCell<Vec<Buffer>>);

impl Workspace {
    /// Returns a workspace without buffers.
    ///
    /// # Safety
    /// The contract of [`Shared::new`] holds for every view that [`Workspace::take`] returns.
    pub unsafe fn new() -> Workspace {
        Workspace(RefCell::default())
    }

    /// Returns a view of `len` numbers of new working memory. Their values are arbitrary.
    pub fn take<E: Number>(&self, len: usize) -> Shared<'_, E> {
        let mut buffer = Buffer::<f32>::new(len * size_of::<E>() / size_of::<f32>());
        // SAFETY: a buffer's numbers stay in place until the workspace is dropped, which outlives the view.
        // The caller of `new` promised the rest.
        let view = unsafe { Shared::new(buffer.as_mut_slice().as_mut_ptr().cast(), len) };
        self.0.borrow_mut().push(buffer);
        view
    }
}
