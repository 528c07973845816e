//! Files of weights for `trace`.

use std::fs;
use std::path::{Path, PathBuf};

use tch::{Kind, Tensor};

use super::Target;
use crate::cell::CellName;
use crate::device::cpu;
use crate::safetensors_io::{self, TensorFile};
use crate::settings::names::WeightsLayout;
use crate::support::error::Result;
use crate::trace::{FileNames, TraceInput, TraceOptions};

/// The reader of weights, sequences and lengths.
pub fn safetensors() -> Target {
    let dir = tempfile::tempdir().expect("a directory for temporary files");
    let path = dir.path().join("x.safetensors");
    let inputs = vec![lstm(&path), gru(&path), bidirectional(&path)];
    Target::new(inputs, move |bytes| {
        let path = in_dir(&dir);
        fs::write(&path, bytes).expect("a file for the weights");
        for cell in [CellName::Lstm, CellName::Gru] {
            let _ = read(cell, &path);
        }
    })
}

fn in_dir(dir: &tempfile::TempDir) -> PathBuf {
    dir.path().join("x.safetensors")
}

fn read(cell: CellName, path: &Path) -> Result<TraceInput> {
    let file = TensorFile::read(path)?;
    let names = FileNames::find(&file.names()?, WeightsLayout::PyTorch, None, "--prefix", path)?;
    TraceInput::new(TraceOptions::of(cell), names.tensors(&file)?, path, cpu())
}

fn lstm(path: &Path) -> Vec<u8> {
    written(
        path,
        vec![("weight_ih_l0", ones(&[8, 3])), ("weight_hh_l0", ones(&[8, 2])), ("input", ones(&[4, 1, 3]))],
    )
}

fn gru(path: &Path) -> Vec<u8> {
    written(
        path,
        vec![
            ("rnn.weight_ih_l0", ones(&[6, 1])),
            ("rnn.weight_hh_l0", ones(&[6, 2])),
            ("rnn.bias_ih_l0", ones(&[6])),
        ],
    )
}

/// An LSTM of both directions over a sequence that ends before its batch does.
fn bidirectional(path: &Path) -> Vec<u8> {
    written(
        path,
        vec![
            ("weight_ih_l0", ones(&[4, 1])),
            ("weight_hh_l0", ones(&[4, 1])),
            ("weight_ih_l0_reverse", ones(&[4, 1])),
            ("weight_hh_l0_reverse", ones(&[4, 1])),
            ("input", ones(&[3, 1, 1])),
            ("lengths", Tensor::from_slice(&[2i64])),
        ],
    )
}

fn ones(shape: &[i64]) -> Tensor {
    Tensor::ones(shape, (Kind::Float, cpu()))
}

fn written(path: &Path, tensors: Vec<(&str, Tensor)>) -> Vec<u8> {
    let tensors = tensors.into_iter().map(|(name, tensor)| (name.to_string(), tensor)).collect();
    safetensors_io::write(path, &tensors).expect("a file of tensors");
    fs::read(path).expect("the file of tensors")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn safetensors_input_of_both_directions_has_its_length() {
        let dir = tempfile::tempdir().unwrap();
        let path = in_dir(&dir);
        fs::write(&path, bidirectional(&path)).unwrap();
        let input = read(CellName::Lstm, &path).unwrap();
        assert!(input.network.reverse.is_some() && input.lengths.each() == [2]);
    }

    #[test]
    fn fuzz_safetensors_file_is_read_or_refused() {
        crate::fuzz::changes::fuzz("safetensors", safetensors());
    }
}
