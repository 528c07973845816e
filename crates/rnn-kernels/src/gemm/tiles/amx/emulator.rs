//! A program that executes the instructions of AMX, for tests on tiles on processors without the unit.
//!
//! It reads the text that the assembler would read, so the tests check that text as well. The operations, and
//! the conditions under which the unit raises an exception, are those of the Intel 64 and IA-32 Architectures
//! Software Developer's Manual, volume 2 (LDTILECFG, TILELOADD, TILESTORED, TILEZERO, TDPBF16PS). A violated
//! condition is a panic.

use std::cell::RefCell;

use super::tile_config::TileConfig;
use crate::gemm::tiles::shape::SIDE;

/// The number of tiles.
const TILES: usize = 8;

/// A row of a tile: 16 numbers of 32 bits, or 16 pairs of bf16 numbers.
type Row = [u32; SIDE];

/// The registers of one thread.
struct Registers {
    /// The number of rows of each tile.
    rows: [usize; TILES],
    tiles: [[Row; SIDE]; TILES],
}

thread_local! {
    static REGISTERS: RefCell<Option<Registers>> = const { RefCell::new(None) };
}

/// Executes `ldtilecfg`.
pub fn configure(config: &TileConfig) {
    assert_eq!((config.palette, config.start_row, config.reserved), (1, 0, [0; 14]), "general protection");
    let (rows, unused_rows) = config.rows.split_at(TILES);
    let (bytes, unused_bytes) = config.bytes_per_row.split_at(TILES);
    assert!(rows.iter().all(|rows| usize::from(*rows) <= SIDE), "general protection: {rows:?} rows");
    assert!(bytes.iter().all(|bytes| *bytes == 64), "the program uses whole rows only, found {bytes:?}");
    assert!(unused_rows.iter().all(|rows| *rows == 0) && unused_bytes.iter().all(|bytes| *bytes == 0));
    let rows = std::array::from_fn(|tile| rows[tile].into());
    REGISTERS.set(Some(Registers { rows, tiles: [[[0; SIDE]; SIDE]; TILES] }));
}

/// Executes `tilerelease`.
pub fn release() {
    REGISTERS.set(None);
}

/// A value of a register that an instruction reads.
pub trait Operand {
    /// The bits of the register.
    fn bits(self) -> usize;
}

impl Operand for usize {
    fn bits(self) -> usize {
        self
    }
}

impl Operand for *const f32 {
    fn bits(self) -> usize {
        self.expose_provenance()
    }
}

impl Operand for *mut f32 {
    fn bits(self) -> usize {
        self.expose_provenance()
    }
}

/// Executes instructions, one in each line. `operands` are the names of general registers with their values.
///
/// # Safety
/// The memory that the instructions read and write is valid.
pub unsafe fn execute(text: &str, operands: &[(&str, usize)]) {
    REGISTERS.with_borrow_mut(|registers| {
        let registers = registers.as_mut().expect("invalid opcode: the tiles are not configured");
        for line in text.lines() {
            let (name, arguments) = line.trim().split_once(' ').expect("an instruction has operands");
            match name {
                "tilezero" => registers.zero(tile(arguments)),
                "tileloadd" => {
                    let (to, from) = arguments.split_once(", ").expect("two operands");
                    // SAFETY: by this function's contract.
                    unsafe { registers.load(tile(to), &Memory::new(from, operands)) };
                }
                "tilestored" => {
                    let (to, from) = arguments.split_once(", ").expect("two operands");
                    // SAFETY: by this function's contract.
                    unsafe { registers.store(tile(from), &Memory::new(to, operands)) };
                }
                "tdpbf16ps" => {
                    let tiles: Vec<usize> = arguments.split(", ").map(tile).collect();
                    registers.multiply(tiles.try_into().expect("three operands"));
                }
                _ => panic!("unknown instruction `{line}`"),
            }
        }
    });
}

/// The number of the tile `tmm0` to `tmm7`.
fn tile(name: &str) -> usize {
    let number = name.strip_prefix("tmm").and_then(|number| number.parse().ok());
    number.filter(|number| *number < TILES).unwrap_or_else(|| panic!("unknown tile `{name}`"))
}

/// Rows in memory.
struct Memory {
    address: usize,
    /// The bytes between rows.
    stride: usize,
}

impl Memory {
    /// Reads `[{base} + {stride}]` or `[{base} + {stride} + 64]`.
    fn new(text: &str, operands: &[(&str, usize)]) -> Memory {
        let terms =
            text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).expect("a place in memory");
        let terms: Vec<&str> = terms.split(" + ").collect();
        let register = |term: &str| {
            let is_it = |(name, _): &&(&str, usize)| term == format!("{{{name}}}");
            operands.iter().find(is_it).unwrap_or_else(|| panic!("unknown operand `{term}`")).1
        };
        let offset = terms.get(2).map_or(0, |offset| offset.parse().expect("a number"));
        assert!((2..=3).contains(&terms.len()), "unknown place `{text}`");
        Memory { address: register(terms[0]) + offset, stride: register(terms[1]) }
    }

    fn row(&self, n: usize) -> *mut Row {
        std::ptr::with_exposed_provenance_mut(self.address + n * self.stride)
    }
}

impl Registers {
    fn zero(&mut self, tile: usize) {
        assert!(self.rows[tile] > 0, "invalid opcode: tile {tile} has no rows");
        self.tiles[tile] = [[0; SIDE]; SIDE];
    }

    /// Reads the rows of a tile, and sets the others to 0.
    unsafe fn load(&mut self, tile: usize, from: &Memory) {
        self.zero(tile);
        for n in 0..self.rows[tile] {
            // SAFETY: by the contract of `execute`.
            self.tiles[tile][n] = unsafe { from.row(n).read_unaligned() };
        }
    }

    unsafe fn store(&self, tile: usize, to: &Memory) {
        assert!(self.rows[tile] > 0, "invalid opcode: tile {tile} has no rows");
        for n in 0..self.rows[tile] {
            // SAFETY: by the contract of `execute`.
            unsafe { to.row(n).write_unaligned(self.tiles[tile][n]) };
        }
    }

    /// Adds the products of a tile with pairs of columns and a tile with pairs of rows.
    fn multiply(&mut self, [sums, left, right]: [usize; 3]) {
        let is_distinct = sums != left && sums != right && left != right;
        assert!(is_distinct, "invalid opcode: tiles {sums}, {left} and {right} are not distinct");
        assert_eq!(self.rows[sums], self.rows[left], "invalid opcode: rows of sums and left factor");
        assert_eq!(self.rows[right], SIDE, "invalid opcode: a row for each pair of columns");
        let (left, right) = (self.tiles[left], self.tiles[right]);
        for (sums, left) in self.tiles[sums].iter_mut().zip(&left).take(self.rows[sums]) {
            add_products(sums, left, &right);
        }
    }
}

/// Adds the products of one row. The terms of even and of odd number have a chain of multiply-adds each.
fn add_products(sums: &mut Row, left: &Row, right: &[Row; SIDE]) {
    let mut chains = [[0.0_f32; SIDE]; 2];
    for (pair, row) in left.iter().zip(right) {
        for ((chain, pair), shift) in chains.iter_mut().zip([pair; 2]).zip([16, 0]) {
            let bf16 = |pair: u32| flushed(f32::from_bits(pair << shift & 0xFFFF_0000));
            let factor = bf16(*pair);
            for (sum, other) in chain.iter_mut().zip(row) {
                *sum = flushed(factor.mul_add(bf16(*other), *sum));
            }
        }
    }
    let [even, odd] = chains;
    for ((sum, even), odd) in sums.iter_mut().zip(even).zip(odd) {
        *sum = flushed(flushed(f32::from_bits(*sum)) + flushed(even + odd)).to_bits();
    }
}

/// Returns 0 for a subnormal number, as the unit reads and writes them.
fn flushed(x: f32) -> f32 {
    if x.is_subnormal() { 0.0_f32.copysign(x) } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: [usize; TILES] = [3, 3, 3, 3, 3, 3, 16, 16];

    /// Configures the tiles, and returns the product of two tiles plus a start.
    fn product(
        rows: [usize; TILES],
        start: f32,
        left: [[u16; 32]; SIDE],
        right: [[u16; 32]; SIDE],
    ) -> Vec<f32> {
        configure(&TileConfig::new(rows));
        let mut sums = [[start; SIDE]; SIDE];
        let place = |tile: &[[u16; 32]; SIDE]| tile.as_ptr().cast::<f32>().bits();
        let text = "tileloadd tmm0, [{s} + {line}]\ntileloadd tmm4, [{a} + {line}]\n\
                    tileloadd tmm6, [{b} + {line}]\ntdpbf16ps tmm0, tmm4, tmm6\n\
                    tilestored [{s} + {line}], tmm0";
        let s = sums.as_mut_ptr().cast::<f32>().bits();
        // SAFETY: a tile has 16 rows of 64 bytes.
        unsafe { execute(text, &[("s", s), ("a", place(&left)), ("b", place(&right)), ("line", 64)]) };
        release();
        sums.concat()
    }

    fn bf16(x: f32) -> u16 {
        (x.to_bits() >> 16) as u16
    }

    #[test]
    fn product_is_that_of_the_numbers_and_rows_beyond_the_tile_stay() {
        let left = std::array::from_fn(|m| std::array::from_fn(|k| bf16((m + k) as f32)));
        // Rows 2k and 2k + 1 of the right factor are interleaved.
        let right =
            std::array::from_fn(|k| std::array::from_fn(|n| bf16(1.0 + (2 * k + n % 2 + n / 2) as f32)));
        let found = product(SHAPE, 0.5, left, right);
        for (m, n) in (0..SIDE).flat_map(|m| (0..SIDE).map(move |n| (m, n))) {
            let sum: usize = (0..32).map(|k| (m + k) * (1 + k + n)).sum();
            let expected = if m < 3 { 0.5 + sum as f32 } else { 0.5 };
            assert_eq!(found[m * SIDE + n], expected, "row {m}, column {n}");
        }
    }

    #[test]
    fn subnormal_factors_and_sums_are_0() {
        let tile = |x: f32| [[bf16(x); 32]; SIDE];
        assert_eq!(product(SHAPE, 0.0, tile(f32::MIN_POSITIVE / 2.0), tile(f32::MAX))[0], 0.0);
        assert_eq!(product(SHAPE, 0.0, tile(f32::MIN_POSITIVE), tile(0.001))[0], 0.0);
        assert_eq!(product(SHAPE, f32::MIN_POSITIVE / 2.0, tile(0.0), tile(0.0))[0], 0.0);
        assert!(product(SHAPE, 0.0, tile(f32::MIN_POSITIVE), tile(1.0))[0] > 0.0);
    }

    #[test]
    #[should_panic(expected = "rows of sums and left factor")]
    fn product_of_tiles_that_do_not_fit_is_an_exception() {
        product([3, 3, 3, 3, 4, 4, 16, 16], 0.0, [[0; 32]; SIDE], [[0; 32]; SIDE]);
    }

    #[test]
    #[should_panic(expected = "not configured")]
    fn instruction_after_release_is_an_exception() {
        release();
        // SAFETY: the instruction reads no memory.
        unsafe { execute("tilezero tmm0", &[]) };
    }
}
