//! The tensors that a trace reads, taken one by one with their shapes checked.

use std::path::Path;

use tch::{Device, Kind, Tensor};

use crate::cell::{CellName, Recurrent, StateSize, cell};
use crate::error::Error as LibraryError;
use crate::safetensors_io::{Tensors, check_dtypes};
use crate::support::error::{Error, Result};
use crate::support::text::shortened;

/// The end of the names of parameters of the reverse direction.
pub(super) const REVERSE: &str = "_reverse";

/// The tensors of the file that were not taken yet, under their own names without a prefix.
pub(super) struct NamedTensors<'a> {
    tensors: Tensors,
    /// The names of all tensors that were given.
    names: Vec<String>,
    path: &'a Path,
}

impl<'a> NamedTensors<'a> {
    /// Moves the tensors of the file `path` to a device.
    ///
    /// # Errors
    /// A number is not finite; two dtypes.
    pub fn new(mut tensors: Tensors, path: &'a Path, device: Device) -> Result<NamedTensors<'a>> {
        tensors.iter().try_for_each(|(name, tensor)| check_finite(name, tensor, path))?;
        check_dtypes(&tensors, path)?;
        tensors.values_mut().for_each(|tensor| *tensor = tensor.to_device(device));
        let names = tensors.keys().cloned().collect();
        Ok(NamedTensors { tensors, names, path })
    }

    /// The dtype of all tensors; f32 if there are none.
    pub fn dtype(&self) -> Kind {
        self.tensors.values().next().map_or(Kind::Float, Tensor::kind)
    }

    /// Refuses a projection of a cell that has none.
    pub fn refuse_projections(&self, cell: CellName) -> Result<()> {
        let projection = self.tensors.iter().find(|(name, _)| name.starts_with("weight_hr_"));
        let Some((name, tensor)) = projection.filter(|_| !self::cell(cell).layout().has_projection()) else {
            return Ok(());
        };
        let size = tensor.size().first().copied().unwrap_or_default();
        let problem = format!(
            "`{name}` is a projection (proj_size = {size}); expected the cell `{}`, found the cell `{cell}`",
            CellName::LstmProjected
        );
        Err(Error::data(self.path, problem))
    }

    /// The first parameter of the reverse direction of a layer that was not taken yet.
    pub fn first_reverse(&self) -> Option<&str> {
        self.tensors.keys().map(String::as_str).find(|name| name.ends_with(REVERSE))
    }

    /// The directions of each layer: 2 if the file has a parameter of the reverse direction.
    ///
    /// # Errors
    /// A layer has no weights of the input in the reverse direction, and a parameter of it is there.
    pub fn directions(&self) -> Result<i64> {
        let Some(reverse) = self.first_reverse() else { return Ok(1) };
        let mut weights = (0..self.layers()).map(|k| format!("weight_ih_l{k}{REVERSE}"));
        match weights.find(|name| !self.tensors.contains_key(name)) {
            Some(name) => {
                let problem = format!(
                    "expected a tensor `{name}`, as `{reverse}` makes all layers bidirectional, found none"
                );
                Err(Error::data(self.path, problem))
            }
            None => Ok(2),
        }
    }

    /// Refuses a cell whose recurrent weights are not one matrix for each gate.
    pub fn refuse_other_layout(&self, name: CellName) -> Result<()> {
        if cell(name).layout().recurrent == Recurrent::Matrices {
            return Ok(());
        }
        let problem =
            format!("expected a cell with a recurrent matrix for each gate, found the cell `{name}`");
        Err(Error::data(self.path, problem))
    }

    /// The sizes H and P of the states, from `weight_hh_l0`, whose rows show the number of gates.
    pub fn state_size(&self, name: CellName) -> Result<StateSize> {
        let (gates, weight) = (cell(name).gates().len() as i64, "weight_hh_l0");
        let layout = cell(name).layout();
        let columns = if layout.has_projection() { "P" } else { "H" };
        let expected = format!("[{gates}·H, {columns}]");
        let shape = self.shape_of(weight, &expected)?;
        let size = StateSize { hidden: shape[0] / gates, output: shape[1] };
        let fits = match layout.has_projection() {
            true => layout.check_projection(size.hidden, size.output).is_ok(),
            false => size.hidden == size.output,
        };
        if fits && shape[0] % gates == 0 {
            return Ok(size);
        }
        let expected = expected + if layout.has_projection() { " with P below H" } else { "" };
        Err(self.wrong_gates(weight, &expected, name, &shape, (shape[0], shape[1])))
    }

    /// Returns the error of a recurrent weight of the shape `found`, which has `rows` for all gates and
    /// `hidden` units.
    pub fn wrong_gates(
        &self,
        weight: &str,
        expected: &str,
        name: CellName,
        found: &[i64],
        (rows, hidden): (i64, i64),
    ) -> Error {
        let fits = |other: &&CellName| {
            let other = cell(**other);
            other.layout().is_pytorch() && rows == other.gates().len() as i64 * hidden
        };
        let other = CellName::ALL.iter().find(fits);
        let hint = other.map(|other| format!("; that looks like the cell `{other}`"));
        let problem =
            format!("expected `{weight}` of shape {expected} for the cell `{name}`, found {found:?}");
        Error::data(self.path, problem + &hint.unwrap_or_default())
    }

    /// The sizes of a tensor that was not taken yet.
    pub fn size_of(&self, name: &str) -> Option<Vec<i64>> {
        self.tensors.get(name).map(Tensor::size)
    }

    /// The input features I of `weight_ih_l0`, which has `rows` rows.
    pub fn input_size(&self, rows: i64) -> Result<i64> {
        let size = self.shape_of("weight_ih_l0", &format!("[{rows}, I]"))?;
        if size[0] == rows {
            return Ok(size[1]);
        }
        Err(self.wrong_shape("weight_ih_l0", &format!("[{rows}, I]"), &self.tensors["weight_ih_l0"]))
    }

    /// The names of all tensors that were given.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Adds a tensor under another name than that of the file.
    pub fn insert(&mut self, name: String, tensor: Tensor) {
        self.tensors.insert(name, tensor);
    }

    /// The number of layers: one more than the largest that a parameter belongs to.
    pub fn layers(&self) -> usize {
        let number = |name: &String| {
            let name = name.strip_suffix(REVERSE).unwrap_or(name);
            name.rsplit_once("_l")?.1.parse::<usize>().ok()
        };
        self.tensors.keys().filter_map(number).max().map_or(1, |last| last + 1)
    }

    /// Takes a tensor `[T, B, …]` or `[B, T, …]` of any size.
    pub fn take_sequence(&mut self, name: &str, expected: &str) -> Result<Tensor> {
        let tensor = self.take_any(name)?;
        match tensor.size() {
            size if size.len() == 3 && size.iter().all(|size| *size > 0) => Ok(tensor),
            _ => Err(self.wrong_shape(name, expected, &tensor)),
        }
    }

    /// Takes a tensor of any shape.
    pub fn take_any(&mut self, name: &str) -> Result<Tensor> {
        self.tensors.remove(name).ok_or_else(|| self.missing(name))
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

    /// Checks that all tensors were taken. A tensor that is left belongs to another cell.
    pub fn expect_empty(&self, cell: CellName) -> Result<()> {
        match self.tensors.keys().next() {
            Some(name) => {
                Err(Error::data(self.path, format!("`{name}` means nothing for the cell `{cell}`")))
            }
            None => Ok(()),
        }
    }

    /// Returns an error about the file.
    pub fn problem(&self, problem: &str) -> Error {
        Error::data(self.path, problem)
    }

    /// Returns the error of a tensor of the wrong shape.
    pub fn wrong_shape(&self, name: &str, expected: &str, found: &Tensor) -> Error {
        Error::data(self.path, format!("expected `{name}` of shape {expected}, found {:?}", found.size()))
    }

    /// Returns the shape of a matrix that is not empty.
    fn shape_of(&self, name: &str, expected: &str) -> Result<Vec<i64>> {
        let tensor = self.tensors.get(name).ok_or_else(|| self.missing(name))?;
        match tensor.size() {
            size if size.len() == 2 && size.iter().all(|size| *size > 0) => Ok(size),
            _ => Err(self.wrong_shape(name, expected, tensor)),
        }
    }

    fn missing(&self, name: &str) -> Error {
        let listed = shortened(self.names.iter().map(String::as_str));
        let hint = if name == "input" { "; --input names a file that has it" } else { "" };
        let problem = format!("expected a tensor `{name}`, found none (the file has: {listed}){hint}");
        Error::data(self.path, problem)
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
