//! An event file of TensorBoard: records in the frame of TFRecord, each with one protobuf message `Event`.
//!
//! A record is its length, a checksum of the length, the message, and a checksum of the message. See
//! `tensorflow/core/util/event.proto` and `summary.proto` for the numbers of the fields.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crc::{CRC_32_ISCSI, Crc};

use crate::support::error::{Error, Result};

/// The name of the file. TensorBoard looks for `tfevents`.
const NAME: &str = "events.out.tfevents.0.lstm-lab";

/// The version that the first event of a file has.
const VERSION: &str = "brain.Event:2";

const CASTAGNOLI: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// The number that TFRecord adds to a rotated checksum.
const MASK: u32 = 0xa282_ead8;

/// An event file that is being written.
#[derive(Debug)]
pub struct EventFile {
    file: File,
    path: PathBuf,
}

impl EventFile {
    /// A new file in a directory, which is made. An older one is replaced.
    ///
    /// # Errors
    /// The directory or the file cannot be written.
    pub fn create(dir: &Path) -> Result<EventFile> {
        fs::create_dir_all(dir).map_err(Error::io("make", dir))?;
        let path = dir.join(NAME);
        let file = File::create(&path).map_err(Error::io("write", &path))?;
        let mut events = EventFile { file, path };
        events.append(&event(now(), None, &field(3, VERSION.as_bytes())))?;
        Ok(events)
    }

    /// Appends a number of a step.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn scalar(&mut self, tag: &str, step: usize, value: f64) -> Result<()> {
        // A scalar of TensorBoard is an f32.
        let number = [&[0x15], (value as f32).to_le_bytes().as_slice()].concat();
        let value = [field(1, tag.as_bytes()), number].concat();
        self.append(&event(now(), Some(step), &field(5, &field(1, &value))))
    }

    fn append(&mut self, message: &[u8]) -> Result<()> {
        self.file.write_all(&record(message)).map_err(Error::io("write", &self.path))
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

/// A message in its frame.
fn record(message: &[u8]) -> Vec<u8> {
    let length = (message.len() as u64).to_le_bytes();
    [&length, checksum(&length).as_slice(), message, &checksum(message)].concat()
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    CASTAGNOLI.checksum(bytes).rotate_right(15).wrapping_add(MASK).to_le_bytes()
}

/// A message `Event`: the time is field 1, the step is field 2.
fn event(time: f64, step: Option<usize>, content: &[u8]) -> Vec<u8> {
    let step = step.map(|step| [vec![0x10], varint(step as u64)].concat()).unwrap_or_default();
    [&[0x09], time.to_le_bytes().as_slice(), &step, content].concat()
}

/// A field of a string or of a message.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2], varint(content.len() as u64).as_slice(), content].concat()
}

/// A number in groups of seven bits, the lowest first. All but the last group have the highest bit.
fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_frames_a_message_with_masked_checksums() {
        // Computed bit by bit in Python, with the polynomial 0x82f63b78.
        let expected = "0300000000000000b099490e6162636e57f121";
        let hex: String = record(b"abc").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, expected);
    }

    #[test]
    fn varint_has_seven_bits_a_byte() {
        assert_eq!([varint(1), varint(127)], [[1], [127]]);
        assert_eq!(varint(300), [0xac, 0x02]);
    }

    #[test]
    fn event_has_time_step_and_content() {
        let found = event(1.0, Some(300), &field(5, b"x"));
        assert_eq!(found, [&[9], &1f64.to_le_bytes()[..], &[0x10, 0xac, 0x02, 0x2a, 1, b'x']].concat());
    }
}
