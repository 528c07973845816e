//! Random changes of the inputs of a [`Target`], for tests that its reader refuses what it cannot use.
//!
//! The reader is called on a hundred changed inputs, or for as many seconds as `LSTM_LAB_FUZZ` says.

use std::fs;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Target;

/// The changed inputs of each test by default.
const FEW: usize = 100;

/// The bytes that a reader may take beyond those that were there before.
const MAX_MEMORY: u64 = 1 << 30;

/// The time that a reader may take.
const MAX_TIME: Duration = Duration::from_secs(60);

/// Texts that readers handle as a special case, or should.
const WORDS: [&str; 28] = [
    "0", "-1", "1", "2147483648", "9223372036854775807", "18446744073709551616", "1e308", "-0.0", "1e-400",
    "nan", "inf", "null", "true", "\"\"", "[]", "{}", "[[", "{{", "\"", "'", ",", "\n", "\r\n", "\0",
    "\u{feff}", "é", "=", "999999999",
];

/// Calls the reader of a target on random changes of its inputs and of its corpus. A panic, a reader that
/// takes too long, and one that takes too much memory are failures. The input of a failure stays in the
/// directory for temporary files.
#[allow(clippy::print_stderr)] // The figures of a long test are for its reader.
pub fn fuzz(name: &str, target: Target) {
    if let Some(dir) = std::env::var_os("LSTM_LAB_FUZZ_SEEDS") {
        return write_seeds(&Path::new(&dir).join(name), &target.inputs);
    }
    let Target { mut inputs, read } = target;
    inputs.extend(corpus(name));
    let seconds = std::env::var("LSTM_LAB_FUZZ").ok().and_then(|text| text.parse().ok());
    let (begin, limit) = (Instant::now(), seconds.map(Duration::from_secs));
    // Longer tests begin where shorter ones do, so that a failure of one is one of the other.
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let place = std::env::temp_dir().join(format!("lstm-lab-fuzz-{name}-{}", std::process::id()));
    inputs.iter().for_each(|input| read(input));
    let (mut count, before) = (0, memory());
    while limit.map_or(count < FEW, |limit| begin.elapsed() < limit) {
        let input = changed(&inputs, &mut rng);
        // A reader that ends the process leaves its input.
        fs::write(&place, &input).unwrap();
        check(name, &place, || read(&input));
        let taken = memory().saturating_sub(before);
        assert!(taken < MAX_MEMORY, "{name}: {taken} bytes of memory, at {}", place.display());
        count += 1;
    }
    fs::remove_file(&place).unwrap();
    if seconds.is_some() {
        let mebibytes = memory().saturating_sub(before) >> 20;
        eprintln!("{name}: {count} inputs in {:.0?}, {mebibytes} MiB", begin.elapsed());
    }
}

/// Writes the valid inputs, from which libFuzzer starts.
fn write_seeds(dir: &Path, inputs: &[Vec<u8>]) {
    fs::create_dir_all(dir).unwrap();
    for (number, input) in inputs.iter().enumerate() {
        fs::write(dir.join(number.to_string()), input).unwrap();
    }
}

/// The inputs that libFuzzer has found.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fuzz/corpus/{name}.tar.gz"));
    let Ok(file) = fs::File::open(path) else { return Vec::new() };
    let mut archive = tar::Archive::new(GzDecoder::new(file));
    let read = |mut entry: tar::Entry<'_, _>| {
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map(|_| bytes)
    };
    archive.entries().and_then(|entries| entries.map(|entry| entry.and_then(read)).collect()).unwrap()
}

fn check(name: &str, place: &Path, read: impl FnOnce()) {
    let begin = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(read));
    assert!(outcome.is_ok(), "{name}: a panic, at {}", place.display());
    let taken = begin.elapsed();
    assert!(taken < MAX_TIME, "{name}: {taken:?}, at {}", place.display());
}

/// The most memory that the process has held, in bytes.
fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    crate::support::memory::field(&status, "VmHWM:").unwrap_or(0)
}

/// One of the inputs after a few changes.
fn changed(inputs: &[Vec<u8>], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut input = inputs.choose(rng).expect("there is an input").clone();
    for _ in 0..rng.random_range(1..=4) {
        change(&mut input, inputs, rng);
    }
    input
}

fn change(input: &mut Vec<u8>, inputs: &[Vec<u8>], rng: &mut ChaCha8Rng) {
    let at = rng.random_range(0..=input.len());
    let end = (at + rng.random_range(0..=32)).min(input.len());
    let word = WORDS.choose(rng).expect("there are words").as_bytes().to_vec();
    match rng.random_range(0..8) {
        0 if at < input.len() => input[at] ^= 1 << rng.random_range(0..8),
        1 if at < input.len() => input[at] = rng.random(),
        2 => input.truncate(at),
        3 => drop(input.drain(at..end)),
        4 => drop(input.splice(at..end, word)),
        5 => {
            let number = number_at(input, at);
            input.splice(number, word);
        }
        6 => {
            let times = if rng.random_ratio(1, 16) { 4096 } else { rng.random_range(1..=8) };
            let copies = input[at..end].repeat(times);
            input.splice(at..at, copies);
        }
        _ => {
            let other = inputs.choose(rng).expect("there is an input");
            let from = rng.random_range(0..=other.len());
            let to = (from + rng.random_range(0..=256)).min(other.len());
            input.splice(at..end, other[from..to].iter().copied());
        }
    }
}

/// The first number in the text at or after a place; an empty range without one.
fn number_at(input: &[u8], at: usize) -> std::ops::Range<usize> {
    let is_digit = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let start = input[at..].iter().position(&is_digit).map_or(input.len(), |offset| at + offset);
    let length = input[start..].iter().take_while(|byte| is_digit(byte)).count();
    start..start + length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fuzz_finds_a_reader_that_trusts_its_input() {
        let read = |bytes: &[u8]| assert!(bytes.starts_with(b"size "), "a reader without an error");
        let target = Target::new(vec![b"size 12".to_vec()], read);
        let found = catch_unwind(AssertUnwindSafe(|| fuzz("itself", target)));
        let message = found.unwrap_err().downcast::<String>().unwrap();
        let (_, place) = message.split_once("itself: a panic, at ").unwrap();
        assert!(!fs::read(place).unwrap().starts_with(b"size "), "the input of the failure stays");
        fs::remove_file(place).unwrap();
    }

    #[test]
    fn number_at_is_the_next_number() {
        assert_eq!(number_at(b"a = 12.5, 3", 1), 4..8);
        assert_eq!(number_at(b"a", 0), 1..1);
    }
}
