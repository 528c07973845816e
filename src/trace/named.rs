//! The tensors of a file, taken one by one with their shapes checked.

use std::collections::BTreeSet;
use std::path::Path;

use tch::{Device, Tensor};

use crate::cell::CellName;
use crate::error::Error as LibraryError;
use crate::safetensors_io::Tensors;
use crate::support::error::{Error, Result};
use crate::support::text::nearest;

/// The names of tensors that a file may have. Each further layer adds its parameters.
const KNOWN: [&str; 8] =
    ["input", "h0", "c0", "grad_output", "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"];

/// The tensors of the file that were not taken yet.
pub(super) struct NamedTensors<'a> {
    tensors: Tensors,
    /// The names of all tensors in the file.
    names: BTreeSet<String>,
    path: &'a Path,
}

impl<'a> NamedTensors<'a> {
    /// Moves the tensors of the file `path` to a device.
    ///
    /// # Errors
    /// A number is not finite.
    pub fn new(mut tensors: Tensors, path: &'a Path, device: Device) -> Result<NamedTensors<'a>> {
        tensors.iter().try_for_each(|(name, tensor)| check_finite(name, tensor, path))?;
        tensors.values_mut().for_each(|tensor| *tensor = tensor.to_device(device));
        let names = tensors.keys().cloned().collect();
        Ok(NamedTensors { tensors, names, path })
    }

    /// Returns the shape of a tensor with `dimensions` dimensions, none of them empty.
    pub fn shape_of(&self, name: &str, expected: &str, dimensions: usize) -> Result<Vec<i64>> {
        let tensor = self.tensors.get(name).ok_or_else(|| self.missing(name))?;
        match tensor.size() {
            size if size.len() == dimensions && size.iter().all(|size| *size > 0) => Ok(size),
            _ => Err(self.wrong_shape(name, expected, tensor)),
        }
    }

    /// Takes a tensor with `dimensions` dimensions of any size.
    pub fn take_any(&mut self, name: &str, expected: &str, dimensions: usize) -> Result<Tensor> {
        let tensor = self.tensors.remove(name).ok_or_else(|| self.missing(name))?;
        if tensor.dim() == dimensions { Ok(tensor) } else { Err(self.wrong_shape(name, expected, &tensor)) }
    }

    /// Takes a tensor of the given shape, if the file has it.
    pub fn take_optional(&mut self, name: &str, shape: &[i64]) -> Result<Option<Tensor>> {
        match self.tensors.remove(name) {
            Some(tensor) if tensor.size() != shape => {
                Err(self.wrong_shape(name, &format!("{shape:?}"), &tensor))
            }
            found => Ok(found),
        }
    }

    /// Takes a tensor of the given shape.
    pub fn take(&mut self, name: &str, shape: &[i64]) -> Result<Tensor> {
        self.take_optional(name, shape)?.ok_or_else(|| self.missing(name))
    }

    /// Returns true if the file has a parameter of layer `k`. A file with one parameter of a layer must
    /// have all of them.
    pub fn has_layer(&self, k: usize) -> bool {
        let suffix = format!("_l{k}");
        self.tensors
            .keys()
            .any(|name| (name.starts_with("weight_") || name.starts_with("bias_")) && name.ends_with(&suffix))
    }

    /// Checks that all tensors were taken. A tensor that is left has an unknown name.
    pub fn expect_empty(&self, cell: CellName) -> Result<()> {
        let Some(name) = self.tensors.keys().next() else { return Ok(()) };
        let absent = KNOWN.into_iter().filter(|known| !self.names.contains(*known));
        let hint = match nearest(name, absent) {
            _ if name.ends_with("_reverse") => "; layers run forward only".to_string(),
            _ if name.starts_with("weight_hr_") => "; layers have no projection (proj_size)".to_string(),
            Some(word) => format!("; did you mean `{word}`?"),
            None => String::new(),
        };
        Err(Error::data(self.path, format!("`{name}` means nothing for the cell `{cell}`{hint}")))
    }

    /// Returns the error of a tensor of the wrong shape.
    pub fn wrong_shape(&self, name: &str, expected: &str, found: &Tensor) -> Error {
        Error::data(self.path, format!("expected `{name}` of shape {expected}, found {:?}", found.size()))
    }

    fn missing(&self, name: &str) -> Error {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let names = if names.is_empty() { "no tensor".to_string() } else { names.join(", ") };
        Error::data(self.path, format!("expected a tensor `{name}`, found none (the file has: {names})"))
    }
}

/// Checks that all numbers are finite. A number that is not finite would spread to every result.
fn check_finite(name: &str, tensor: &Tensor, path: &Path) -> Result<()> {
    let others = tensor.isfinite().logical_not().nonzero();
    if others.size()[0] == 0 {
        return Ok(());
    }
    let index = Vec::<i64>::try_from(others.get(0)).map_err(|e| LibraryError::Torch(e.to_string()))?;
    let found = tensor.double_value(&index);
    Err(Error::data(path, format!("expected finite numbers in `{name}`, found {found} at {index:?}")))
}
