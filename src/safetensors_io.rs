//! Tensors in safetensors files.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use tch::{Kind, Tensor};

use crate::device::cpu;
use crate::error::Error as LibraryError;
use crate::support::error::{Error, Result};
use crate::support::file::write_atomic;

/// Tensors by name.
pub type Tensors = BTreeMap<String, Tensor>;

/// The text entries of a file's header.
pub type Metadata = HashMap<String, String>;

/// Reads every tensor of a file. All tensors must be f32, or all f64.
///
/// # Errors
/// The file does not exist, is truncated or invalid, or has a tensor of another dtype.
pub fn read(path: &Path) -> Result<Tensors> {
    Ok(read_with_metadata(path)?.0)
}

/// Reads every tensor and the metadata of a file.
///
/// # Errors
/// As for [`read`].
pub fn read_with_metadata(path: &Path) -> Result<(Tensors, Metadata)> {
    let wrong = |problem: String| Error::data(path, problem);
    let bytes =
        fs::read(path).map_err(|e| wrong(format!("expected a safetensors file to read, found: {e}")))?;
    // The crate checks that header, shapes and offsets agree with each other and with the length of the
    // file.
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|e| wrong(format!("expected a complete safetensors file, found: {e}")))?;
    let mut tensors = Tensors::new();
    let mut first: Option<(String, Dtype)> = None;
    for (name, view) in file.tensors() {
        let kind = match view.dtype() {
            Dtype::F32 => Kind::Float,
            Dtype::F64 => Kind::Double,
            other => return Err(wrong(format!("expected `{name}` in F32 or F64, found {other:?}"))),
        };
        let (first_name, dtype) = first.get_or_insert_with(|| (name.clone(), view.dtype()));
        if *dtype != view.dtype() {
            return Err(wrong(format!(
                "expected one dtype for all tensors, found {dtype:?} (`{first_name}`) and {:?} (`{name}`)",
                view.dtype()
            )));
        }
        let shape: Vec<i64> = view.shape().iter().map(|size| *size as i64).collect();
        let tensor = Tensor::f_from_data_size(view.data(), &shape, kind)
            .map_err(|e| wrong(format!("`{name}` of shape {shape:?}: {e}")))?;
        tensors.insert(name, tensor);
    }
    let (_, header) = SafeTensors::read_metadata(&bytes)
        .map_err(|e| wrong(format!("expected a complete safetensors file, found: {e}")))?;
    Ok((tensors, header.metadata().clone().unwrap_or_default()))
}

/// Writes tensors and metadata. The file is complete or absent afterwards.
///
/// # Errors
/// The file cannot be written, for example because the disk is full.
pub fn write(path: &Path, tensors: &Tensors, metadata: Option<Metadata>) -> Result<()> {
    let bytes: Vec<(&String, Dtype, Vec<usize>, Vec<u8>)> =
        tensors.iter().map(|(n, t)| serialized(n, t)).collect();
    let mut views = Vec::with_capacity(bytes.len());
    for (name, dtype, shape, bytes) in &bytes {
        let view =
            TensorView::new(*dtype, shape.clone(), bytes).map_err(|e| LibraryError::Torch(e.to_string()))?;
        views.push((name.as_str(), view));
    }
    let file = serialize(views, metadata).map_err(|e| LibraryError::Torch(e.to_string()))?;
    write_atomic(path, &file)
}

/// Returns the name, dtype, shape and bytes of a tensor.
fn serialized<'a>(name: &'a String, tensor: &Tensor) -> (&'a String, Dtype, Vec<usize>, Vec<u8>) {
    let tensor = tensor.detach().to_device(cpu()).contiguous();
    let (dtype, size) = if tensor.kind() == Kind::Float { (Dtype::F32, 4) } else { (Dtype::F64, 8) };
    let mut bytes = vec![0; tensor.numel() * size];
    tensor.copy_data_u8(&mut bytes, tensor.numel());
    (name, dtype, tensor.size().iter().map(|size| *size as usize).collect(), bytes)
}
