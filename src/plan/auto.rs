//! The engine that `auto` takes, from measured times. An instruction set gives the same engine each time.

use super::machine::Machine;
use crate::cell::CellName;
use crate::device::Dtype;
use crate::engine::EngineName;
use crate::settings::names::PassName;

/// The time of `simd` for one cell on the CPU, over that of `builtin` in f32, or of `analytic` in f64.
struct Measured {
    isa: &'static str,
    dtype: Dtype,
    cell: CellName,
    train: f64,
    forward: f64,
}

/// Geometric means over the shapes of `experiments/speed.toml`, or the largest of several measurements.
/// docs/kernels.md shows the same table.
const MEASURED: [Measured; 15] = [
    // Intel Xeon with AMX, 2 cores
    Measured { isa: "amx", dtype: Dtype::F32, cell: CellName::Rnn, train: 0.32, forward: 0.38 },
    Measured { isa: "amx", dtype: Dtype::F32, cell: CellName::Gru, train: 0.30, forward: 0.39 },
    Measured { isa: "amx", dtype: Dtype::F32, cell: CellName::Lstm, train: 0.58, forward: 0.72 },
    // AMD EPYC (Zen 4), 2 cores
    Measured { isa: "avx512", dtype: Dtype::F32, cell: CellName::Rnn, train: 0.35, forward: 0.41 },
    Measured { isa: "avx512", dtype: Dtype::F32, cell: CellName::Gru, train: 0.30, forward: 0.38 },
    Measured { isa: "avx512", dtype: Dtype::F32, cell: CellName::Lstm, train: 0.89, forward: 0.90 },
    Measured { isa: "avx512", dtype: Dtype::F64, cell: CellName::Rnn, train: 0.66, forward: 0.57 },
    Measured { isa: "avx512", dtype: Dtype::F64, cell: CellName::Gru, train: 0.61, forward: 0.56 },
    Measured { isa: "avx512", dtype: Dtype::F64, cell: CellName::Lstm, train: 0.56, forward: 0.54 },
    // AMD EPYC (Zen 4), 2 cores
    Measured { isa: "avx2", dtype: Dtype::F32, cell: CellName::Rnn, train: 0.42, forward: 0.50 },
    Measured { isa: "avx2", dtype: Dtype::F32, cell: CellName::Gru, train: 0.36, forward: 0.53 },
    Measured { isa: "avx2", dtype: Dtype::F32, cell: CellName::Lstm, train: 0.96, forward: 0.88 },
    Measured { isa: "avx2", dtype: Dtype::F64, cell: CellName::Rnn, train: 0.69, forward: 0.63 },
    Measured { isa: "avx2", dtype: Dtype::F64, cell: CellName::Gru, train: 0.70, forward: 0.64 },
    Measured { isa: "avx2", dtype: Dtype::F64, cell: CellName::Lstm, train: 0.60, forward: 0.58 },
];

/// The engine for a pass of a cell. A cell that libtorch does not have gets `scan`,
/// which has one operation per step, or `fused`.
pub fn engine(machine: &Machine, dtype: Dtype, cell: CellName, pass: PassName) -> EngineName {
    let equations = crate::cell::cell(cell);
    let serves = |name| crate::engine::engine(name).serves(equations);
    match (machine.device.as_str(), dtype) {
        _ if serves(EngineName::Scan) => EngineName::Scan,
        _ if !serves(EngineName::Builtin) => EngineName::Fused,
        ("cpu", _) if serves(EngineName::Simd) && simd_is_faster(machine.isa, dtype, cell, pass) => {
            EngineName::Simd
        }
        ("cpu", Dtype::F64) if serves(EngineName::Analytic) => EngineName::Analytic,
        // On a GPU, `builtin` uses cuDNN.
        _ => EngineName::Builtin,
    }
}

/// Returns false for an instruction set without a measurement.
fn simd_is_faster(isa: &str, dtype: Dtype, cell: CellName, pass: PassName) -> bool {
    let of = |cell| {
        MEASURED.iter().find(|measured| (measured.isa, measured.dtype, measured.cell) == (isa, dtype, cell))
    };
    // The LSTM stands for cells without a measurement: of all cells, it is the one that libtorch, with
    // oneDNN, runs best.
    let ratio = of(cell).or_else(|| of(CellName::Lstm)).map(|measured| match pass {
        PassName::Train | PassName::Step => measured.train,
        PassName::Forward => measured.forward,
    });
    ratio.is_some_and(|ratio| ratio < 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(device: &str, isa: &'static str, dtype: Dtype) -> Vec<EngineName> {
        let machine = Machine::new(device, 1, isa);
        let passes = [PassName::Train, PassName::Forward];
        let cells = [CellName::Rnn, CellName::Gru, CellName::Lstm];
        let each = cells.iter().flat_map(|cell| passes.map(|pass| (*cell, pass)));
        let mut found: Vec<_> = each.map(|(cell, pass)| engine(&machine, dtype, cell, pass)).collect();
        found.dedup();
        found
    }

    #[test]
    fn engine_is_simd_where_it_was_measured_to_be_faster() {
        for isa in ["amx", "avx512", "avx2"] {
            assert_eq!(of("cpu", isa, Dtype::F32), [EngineName::Simd], "{isa}");
        }
        assert_eq!(of("cpu", "portable", Dtype::F32), [EngineName::Builtin]);
        for isa in ["avx512", "avx2"] {
            assert_eq!(of("cpu", isa, Dtype::F64), [EngineName::Simd], "{isa}");
        }
        for isa in ["amx", "portable"] {
            assert_eq!(of("cpu", isa, Dtype::F64), [EngineName::Analytic], "{isa}");
        }
        assert_eq!(of("cuda:0", "avx2", Dtype::F32), [EngineName::Builtin]);
    }

    #[test]
    fn engine_of_a_cell_without_kernels_is_one_that_serves_it() {
        let machine = Machine::new("cpu", 1, "avx2");
        for dtype in [Dtype::F32, Dtype::F64] {
            let of = |cell| engine(&machine, dtype, cell, PassName::Train);
            assert_eq!(of(CellName::ReluRnn), EngineName::Builtin);
            assert_eq!(of(CellName::LstmProjected), EngineName::Builtin);
            assert_eq!(of(CellName::IndRnn), EngineName::Fused);
            assert_eq!(of(CellName::MinGru), EngineName::Scan);
        }
    }

    #[test]
    fn measurements_stand_in_the_documentation() {
        let page = include_str!("../../docs/kernels.md");
        let rows: Vec<&str> =
            page.lines().filter(|line| line.starts_with("| `") && line.contains(" cores | ")).collect();
        for Measured { isa, dtype, cell, train, forward } in &MEASURED {
            let (start, end) =
                (format!("| `{isa}` | `{dtype}` |"), format!("| {cell} | {train:.2} | {forward:.2} |"));
            let is_there = rows.iter().any(|row| row.starts_with(&start) && row.ends_with(&end));
            assert!(is_there, "docs/kernels.md has no row `{start} … {end}`");
        }
        assert_eq!(rows.len(), MEASURED.len());
    }
}
