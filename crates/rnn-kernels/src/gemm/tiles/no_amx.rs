//! The functions of `amx` on platforms without it. No value of [`Tiles`] exists there, so they are never
//! called.

use super::shape::{SIDE, Terms};
use crate::amx::Tiles;
use crate::gemm::rows::Rows;
use crate::gemm::types::Product;

pub unsafe fn split_row(tiles: Tiles, _: &[f32], _: *mut f32, _: usize, _: f32) -> f32 {
    match tiles {}
}

pub fn split_square(tiles: Tiles, _: &Terms, _: &mut [f32], _: f32) {
    match tiles {}
}

pub fn split_lines(tiles: Tiles, _: &[[f32; SIDE]; SIDE], _: &mut [f32]) {
    match tiles {}
}

pub fn max_magnitude(tiles: Tiles, _: &Rows<f32>, _: usize) -> f32 {
    match tiles {}
}

pub unsafe fn multiply(tiles: Tiles, _: &Product<f32>) {
    match tiles {}
}
