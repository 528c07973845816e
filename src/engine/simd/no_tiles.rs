//! Products on tiles where there are none: on other processors and systems.

use super::panels::Lines;
use super::product::Product;
use super::rows::Rows;
use super::vector::Simd;

/// The proof that there are tiles: there is none.
#[derive(Clone, Copy)]
pub struct Tiles(Never);

#[derive(Clone, Copy)]
enum Never {}

impl Tiles {
    /// Nowhere.
    pub fn detect() -> Option<Tiles> {
        None
    }
}

/// The unit for a product: none.
pub fn of<S: Simd>(s: S, _: usize) -> Option<Tiles> {
    s.tiles()
}

/// Whether numbers of this magnitude fit them.
pub fn tame(_: f32) -> bool {
    false
}

/// Numbers that a vector of columns takes.
pub fn room(_: usize) -> usize {
    0
}

/// Puts terms into tiles.
pub fn put(tiles: Tiles, _: &mut [f32], _: usize, _: usize, _: &Lines) {
    match tiles.0 {}
}

/// The product.
///
/// # Safety
/// It is never called.
pub unsafe fn multiply(tiles: Tiles, _: &Product) {
    match tiles.0 {}
}

/// Terms of a line.
pub const DEPTH: usize = 32;

/// Sixteen rows of 32 terms.
pub type Terms = [[f32; 32]; 16];

/// Rows that are split: none.
pub struct Parts(Never);

/// Rows that are split, for the threads of a job: none.
#[derive(Clone, Copy)]
pub struct SharedParts<'a>(Never, std::marker::PhantomData<&'a ()>);

impl Parts {
    /// Room for rows.
    pub fn new(tiles: Tiles, _: usize, _: usize) -> Parts {
        match tiles.0 {}
    }

    /// For the threads of a job.
    ///
    /// # Safety
    /// There are none.
    pub unsafe fn share(&mut self) -> SharedParts<'_> {
        match self.0 {}
    }
}

impl<'a> SharedParts<'a> {
    /// The same from a later row and term on.
    pub fn from(self, _: usize, _: usize) -> SharedParts<'a> {
        match self.0 {}
    }

    /// Checks that they are there.
    pub fn check(self, _: usize, _: usize) {
        match self.0 {}
    }

    /// Makes rows.
    pub fn split(self, tiles: Tiles, _: &Rows, _: std::ops::Range<usize>, _: usize) {
        match tiles.0 {}
    }

    /// Makes some terms of 16 rows.
    pub fn put(self, tiles: Tiles, _: usize, _: &Terms, _: f32) {
        match tiles.0 {}
    }

    /// Chooses a scale.
    pub fn scale_columns(self, tiles: Tiles, _: &Rows, _: usize) -> f32 {
        match tiles.0 {}
    }

    /// Copies rows.
    pub fn copy(self, _: usize, _: usize, _: usize) {
        match self.0 {}
    }
}
