//! SHA-256 as hexadecimal digits.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

/// The SHA-256 of bytes that come bit by bit.
#[derive(Debug, Clone, Default)]
pub struct Running {
    hash: Sha256,
    /// The number of bytes so far.
    pub bytes: u64,
}

impl Running {
    /// Adds bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// The SHA-256 of all bytes so far.
    pub fn sha256(&self) -> String {
        hex(&self.hash.clone().finalize())
    }
}

/// SHA-256 of bytes.
pub fn of_bytes(bytes: &[u8]) -> String {
    of_parts(&[bytes])
}

/// SHA-256 of the concatenation of parts.
pub fn of_parts(parts: &[&[u8]]) -> String {
    let mut content = Running::default();
    parts.iter().for_each(|part| content.add(part));
    content.sha256()
}

/// Size in bytes and SHA-256 of a file, which is read in blocks.
pub fn of_file(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut content = Running::default();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((content.bytes, content.sha256())),
            count => content.add(&buffer[..count]),
        }
    }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // The examples of FIPS 180-4: no bytes, and "abc".
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn digests_are_those_of_fips_180_4() {
        assert_eq!(of_bytes(b""), EMPTY);
        assert_eq!(of_bytes(b"abc"), ABC);
        assert_eq!(of_parts(&[b"a", b"", b"bc"]), ABC);
    }

    #[test]
    fn of_file_reads_files_longer_than_its_buffer() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| n as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(of_file(&path).unwrap(), (200_000, of_bytes(&bytes)));
    }
}
