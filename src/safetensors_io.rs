//! Tensors in safetensors files.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensorError, SafeTensors, serialize};
use tch::{Kind, Tensor};

use crate::device::cpu;
use crate::error::Error as LibraryError;
use crate::support::checksum::{self, Running};
use crate::support::error::{Error, Result};
use crate::support::file::write_atomic;

/// Tensors by name.
pub type Tensors = BTreeMap<String, Tensor>;

/// The key of the checksum of a sealed file in its header.
const SEAL: &str = "lstm-lab.sha256";

/// The dtypes that are read as f32.
const HALVES: [Dtype; 2] = [Dtype::F16, Dtype::BF16];

/// The text entries of a file's header.
pub type Metadata = HashMap<String, String>;

/// Reads every tensor of a file. All tensors must be f32, or all f64. See [`TensorFile::tensors`].
///
/// # Errors
/// The file does not exist, is truncated or invalid, or has a tensor of another dtype.
pub fn read(path: &Path) -> Result<Tensors> {
    TensorFile::read(path)?.tensors(|_| true)
}

/// Reads every tensor and the metadata of a file that [`write_sealed`] wrote.
///
/// # Errors
/// As for [`read`]; the file has no checksum, or that of another content.
pub fn read_sealed(path: &Path) -> Result<(Tensors, Metadata)> {
    let file = TensorFile::read(path)?;
    let (tensors, metadata) = (file.tensors(|_| true)?, file.metadata()?);
    if metadata.contains_key(SEAL) {
        return Ok((tensors, metadata));
    }
    let problem = "expected a checkpoint of lstm-lab, found a safetensors file without its checksum";
    Err(Error::data(path, problem))
}

/// The content of a safetensors file.
pub struct TensorFile<'a> {
    path: &'a Path,
    bytes: Vec<u8>,
}

impl<'a> TensorFile<'a> {
    /// Reads a file.
    ///
    /// # Errors
    /// The file does not exist, or is sealed and was changed.
    pub fn read(path: &'a Path) -> Result<TensorFile<'a>> {
        let wrong = |error: std::io::Error| match error.kind() {
            ErrorKind::NotFound => {
                Error::data(path, format!("expected a safetensors file to read, found: {error}"))
            }
            _ => Error::io("read", path)(error),
        };
        let file = TensorFile { path, bytes: fs::read(path).map_err(wrong)? };
        // A file that is no safetensors file is refused where its tensors are read.
        let seal = file.metadata().ok().and_then(|mut metadata| Some((metadata.remove(SEAL)?, metadata)));
        if let Some((expected, metadata)) = seal {
            let mut views: Vec<_> = file.content()?.tensors();
            views.sort_by(|(one, _), (other, _)| one.cmp(other));
            let views = views.iter().map(|(name, view)| (name.as_str(), view));
            let found = seal_of(&metadata, views);
            if found != expected {
                let problem = format!(
                    "expected the content that was written, with SHA-256 {expected}, found {found}: the \
                     file was changed or damaged"
                );
                return Err(Error::data(path, problem));
            }
        }
        Ok(file)
    }

    /// The SHA-256 of the whole file.
    pub fn sha256(&self) -> String {
        checksum::of_bytes(&self.bytes)
    }

    /// The names of all tensors, sorted.
    ///
    /// # Errors
    /// The file is truncated or invalid.
    pub fn names(&self) -> Result<Vec<String>> {
        let mut names: Vec<String> = self.content()?.names().into_iter().map(String::from).collect();
        names.sort();
        Ok(names)
    }

    /// The tensors with a wanted name. All of them must be f32, or all f64. Those of f16 and bf16 become f32,
    /// which has all their numbers.
    ///
    /// # Errors
    /// The file is truncated or invalid, or a wanted tensor has another dtype.
    pub fn tensors(&self, is_wanted: impl Fn(&str) -> bool) -> Result<Tensors> {
        let content = self.content()?;
        let mut tensors = Tensors::new();
        for (name, view) in content.tensors().into_iter().filter(|(name, _)| is_wanted(name)) {
            let kind = match view.dtype() {
                Dtype::F32 => Kind::Float,
                Dtype::F64 => Kind::Double,
                Dtype::F16 => Kind::Half,
                Dtype::BF16 => Kind::BFloat16,
                other => {
                    let expected = "F16, BF16, F32 or F64";
                    let problem = format!("expected `{name}` in {expected}, found {other:?}");
                    return Err(Error::data(self.path, problem));
                }
            };
            let tensor = self.tensor(&name, &view, kind)?;
            let is_half = HALVES.contains(&view.dtype());
            tensors.insert(name, if is_half { tensor.to_kind(Kind::Float) } else { tensor });
        }
        check_dtypes(&tensors, self.path)?;
        Ok(tensors)
    }

    /// The dtype of the wanted tensors that [`TensorFile::tensors`] converts to f32, `F16` or `BF16`; `None`
    /// if there are none.
    ///
    /// # Errors
    /// The file is truncated or invalid.
    pub fn converted(&self, is_wanted: impl Fn(&str) -> bool) -> Result<Option<String>> {
        let tensors = self.content()?.tensors();
        let dtypes = tensors.iter().filter(|(name, _)| is_wanted(name)).map(|(_, view)| view.dtype());
        let mut converted = dtypes.filter(|dtype| HALVES.contains(dtype));
        Ok(converted.next().map(|dtype| format!("{dtype:?}")))
    }

    /// A tensor of whole numbers, as I64. `None` if the file has no tensor of that name.
    ///
    /// # Errors
    /// The file is truncated or invalid, or the tensor has a dtype other than I32 and I64.
    pub fn integers(&self, name: &str) -> Result<Option<Tensor>> {
        let tensors = self.content()?.tensors();
        let Some((_, view)) = tensors.iter().find(|(found, _)| found == name) else { return Ok(None) };
        let kind = match view.dtype() {
            Dtype::I32 => Kind::Int,
            Dtype::I64 => Kind::Int64,
            other => {
                let problem = format!("expected `{name}` in I64 or I32, found {other:?}");
                return Err(Error::data(self.path, problem));
            }
        };
        Ok(Some(self.tensor(name, view, kind)?.to_kind(Kind::Int64)))
    }

    fn tensor(&self, name: &str, view: &TensorView, kind: Kind) -> Result<Tensor> {
        let shape: Vec<i64> = view.shape().iter().map(|size| *size as i64).collect();
        Tensor::f_from_data_size(view.data(), &shape, kind)
            .map_err(|e| Error::data(self.path, format!("`{name}` of shape {shape:?}: {e}")))
    }

    /// The text entries of the header.
    fn metadata(&self) -> Result<Metadata> {
        let (_, header) = SafeTensors::read_metadata(&self.bytes).map_err(|e| self.incomplete(&e))?;
        Ok(header.metadata().clone().unwrap_or_default())
    }

    /// The tensors as bytes. The crate checks that header, shapes and offsets agree with each other and with
    /// the length of the file.
    fn content(&self) -> Result<SafeTensors<'_>> {
        SafeTensors::deserialize(&self.bytes).map_err(|e| self.incomplete(&e))
    }

    fn incomplete(&self, cause: &SafeTensorError) -> Error {
        // torch.save writes a zip archive with a pickle in it, and wrote a bare pickle before PyTorch 1.6.
        let is_pickle = self.bytes.starts_with(b"PK\x03\x04") || self.bytes.starts_with(b"\x80\x02");
        let found = match is_pickle {
            true => "a pickle, as torch.save writes; save the model with \
                     safetensors.torch.save_file(model.state_dict(), \"model.safetensors\")"
                .to_string(),
            false => cause.to_string(),
        };
        Error::data(self.path, format!("expected a complete safetensors file, found: {found}"))
    }
}

/// Checks that all tensors of a file have the dtype of the first one.
///
/// # Errors
/// The first tensor of another dtype.
pub fn check_dtypes(tensors: &Tensors, path: &Path) -> Result<()> {
    let Some((first, expected)) = tensors.iter().next() else { return Ok(()) };
    let other = tensors.iter().find(|(_, tensor)| tensor.kind() != expected.kind());
    other.map_or(Ok(()), |(name, found)| {
        let dtypes = [expected, found].map(|tensor| dtype(tensor).0);
        let problem = format!(
            "expected one dtype for all tensors, found {:?} (`{first}`) and {:?} (`{name}`)",
            dtypes[0], dtypes[1]
        );
        Err(Error::data(path, problem))
    })
}

/// The dtype of a tensor in a file, with the bytes of a number.
fn dtype(tensor: &Tensor) -> (Dtype, usize) {
    match tensor.kind() {
        Kind::Half => (Dtype::F16, 2),
        Kind::BFloat16 => (Dtype::BF16, 2),
        Kind::Float => (Dtype::F32, 4),
        Kind::Int64 => (Dtype::I64, 8),
        _ => (Dtype::F64, 8),
    }
}

/// Writes tensors. The file is complete or absent afterwards.
///
/// # Errors
/// The file cannot be written, for example because the disk is full.
pub fn write(path: &Path, tensors: &Tensors) -> Result<()> {
    write_with(path, tensors, None)
}

/// Writes tensors and metadata with a checksum over both. The file is complete or absent afterwards.
///
/// # Errors
/// As for [`write()`].
pub fn write_sealed(path: &Path, tensors: &Tensors, metadata: Metadata) -> Result<()> {
    write_with(path, tensors, Some(metadata))
}

fn write_with(path: &Path, tensors: &Tensors, metadata: Option<Metadata>) -> Result<()> {
    let torch = |error: SafeTensorError| LibraryError::Torch(error.to_string());
    let bytes: Vec<(&String, Dtype, Vec<usize>, Vec<u8>)> =
        tensors.iter().map(|(n, t)| serialized(n, t)).collect();
    let mut views = Vec::with_capacity(bytes.len());
    for (name, dtype, shape, bytes) in &bytes {
        views.push((name.as_str(), TensorView::new(*dtype, shape.clone(), bytes).map_err(torch)?));
    }
    let metadata = metadata.map(|mut metadata| {
        let seal = seal_of(&metadata, views.iter().map(|(name, view)| (*name, view)));
        metadata.insert(SEAL.to_string(), seal);
        metadata
    });
    write_atomic(path, &serialize(views, metadata).map_err(torch)?)
}

/// The SHA-256 of everything that a file says: its metadata without the seal, and its tensors by name.
fn seal_of<'a>(metadata: &Metadata, tensors: impl Iterator<Item = (&'a str, &'a TensorView<'a>)>) -> String {
    let mut content = Running::default();
    for (key, value) in metadata.iter().collect::<BTreeMap<_, _>>() {
        content.add(format!("{key} {}\n{value}\n", value.len()).as_bytes());
    }
    for (name, view) in tensors {
        content.add(format!("{name} {:?} {:?}\n", view.dtype(), view.shape()).as_bytes());
        content.add(view.data());
    }
    content.sha256()
}

/// Returns the name, dtype, shape and bytes of a tensor.
fn serialized<'a>(name: &'a String, tensor: &Tensor) -> (&'a String, Dtype, Vec<usize>, Vec<u8>) {
    let tensor = tensor.detach().to_device(cpu()).contiguous();
    let (dtype, size) = dtype(&tensor);
    let mut bytes = vec![0; tensor.numel() * size];
    tensor.copy_data_u8(&mut bytes, tensor.numel());
    (name, dtype, tensor.size().iter().map(|size| *size as usize).collect(), bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sealed file, and its bytes.
    fn sealed(path: &Path) -> Vec<u8> {
        let tensors = Tensors::from([
            ("a".to_string(), Tensor::from_slice(&[1.5f32, -2.0, 0.0])),
            ("b".to_string(), Tensor::from_slice(&[3.0f32]).reshape([1, 1])),
        ]);
        write_sealed(path, &tensors, Metadata::from([("key".to_string(), "a text".to_string())])).unwrap();
        fs::read(path).unwrap()
    }

    #[test]
    fn read_sealed_any_flipped_bit_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.safetensors");
        let bytes = sealed(&path);
        let (tensors, metadata) = read_sealed(&path).unwrap();
        assert_eq!((tensors["b"].size(), metadata["key"].as_str()), (vec![1, 1], "a text"));
        for bit in 0..8 * bytes.len() {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, damaged).unwrap();
            assert!(read_sealed(&path).is_err(), "bit {} of byte {}", bit % 8, bit / 8);
        }
    }

    #[test]
    fn read_sealed_changed_number_says_so_and_a_file_without_checksum_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.safetensors");
        let mut bytes = sealed(&path);
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, bytes).unwrap();
        let message = read(&path).unwrap_err().to_string();
        assert!(message.contains("expected the content that was written, with SHA-256"), "{message}");
        write(&path, &Tensors::from([("a".to_string(), Tensor::from_slice(&[1.5f32]))])).unwrap();
        assert!(read(&path).is_ok());
        assert!(read_sealed(&path).unwrap_err().to_string().contains("without its checksum"));
    }
}
