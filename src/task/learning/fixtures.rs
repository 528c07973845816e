//! A small corpus and batch options for tests.

use tch::{Kind, Tensor};

use super::options::BatchOptions;
use super::task::{Batch, Target};
use crate::data::{Corpus, Cut, RawText};
use crate::device::cpu;
use crate::settings::names::Tokenizer;

/// Input and target of each sequence, and true if the batch continues the previous one.
pub type Sequences = (Vec<Vec<i64>>, Vec<Vec<i64>>, bool);

/// Options with all training data, one held-out sequence, seed 3, on the CPU.
pub fn options(steps: usize, batch: usize, kind: Kind) -> BatchOptions {
    BatchOptions { steps, batch, held_out: 1, train_share: 1.0, seed: 3, kind, device: cpu() }
}

/// A corpus whose splits are the symbols 0 to 39, 0 to 30 and 0 to 30: each symbol is its own position.
pub fn corpus() -> Corpus {
    let symbols = (0..40).chain(0..31).chain(0..31);
    let text = symbols.filter_map(|number| char::from_u32(0x100 + number)).collect();
    let raw = RawText { name: "positions".into(), path: "positions".into(), sha256: String::new(), text };
    let split = [40.0, 31.0, 31.0].map(|count: f64| count / 102.0);
    Corpus::new(&raw, Cut { tokenizer: Tokenizer::Character, split, max_chars: None, min_count: 1 })
}

/// The sequences of a batch.
pub fn sequences_of(batch: Batch) -> Sequences {
    let Batch { input, target: Target::Classes(target), continues } = batch else { panic!("a class") };
    let each = |tensor: &Tensor| {
        let columns = (0..tensor.size()[1]).map(|b| tensor.select(1, b).contiguous());
        columns.map(|column| Vec::try_from(column).unwrap()).collect()
    };
    (each(&input), each(&target), continues)
}
