//! Products on tiles where there are none: on other processors and systems.

use super::panels::Lines;
use super::product::Product;
use super::vector::Simd;

/// The proof that there are tiles: there is none.
#[derive(Clone, Copy)]
pub enum Tiles {}

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
    match tiles {}
}

/// The product.
///
/// # Safety
/// It is never called.
pub unsafe fn multiply(tiles: Tiles, _: &Product) {
    match tiles {}
}
