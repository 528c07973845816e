//! Datasets from the command line, and the datasets of this machine: `$LSTM_LAB_DATA`, or `data/` in this
//! repository. No test fetches a dataset. The tests in a module `needs_NAME` need the dataset NAME and are
//! ignored by `cargo test`. `scripts/test` runs the tests whose dataset is complete.

use std::path::{Path, PathBuf};

use lstm_lab::data::{Characters, DATASETS, Images, RawText, Status, Vocabulary, Words, verify};

use crate::support::cli::{command, finish};

/// Runs `lstm-lab data` with an empty package index. Returns exit code, standard output and standard error.
fn data(root: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = command(root);
    command.env("LSTM_LAB_DATA", root).env("PIP_NO_INDEX", "1").env_remove("PIP_FIND_LINKS");
    command.arg("data").args(arguments);
    let finished = finish(command);
    (finished.code, finished.stdout, finished.stderr)
}

/// The root of a dataset that is on this machine.
fn root_of(name: &str) -> PathBuf {
    let root = std::env::var_os("LSTM_LAB_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("data"), PathBuf::from);
    let status = verify(name, &root).unwrap();
    let is_complete = matches!(status, Status::Complete { .. });
    assert!(is_complete, "`{name}` is {status:?}; `lstm-lab data fetch {name}` fetches it");
    root
}

#[test]
fn fetch_script_passes_its_tests() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fetch_data.py");
    let output = std::process::Command::new("python3").arg(tests).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let count: usize = text.split("Ran ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(count >= 20, "expected at least 20 tests, found {count}");
}

#[test]
fn list_and_verify_of_an_empty_root_name_every_dataset_as_absent() {
    let root = tempfile::tempdir().unwrap();
    let (code, list, _) = data(root.path(), &["list"]);
    assert_eq!((code, list.lines().count()), (0, DATASETS.len()));
    for (line, dataset) in list.lines().zip(DATASETS.iter()) {
        assert!(line.starts_with(&dataset.name) && line.contains(&dataset.licence), "{line}");
        assert!(line.ends_with(": absent"), "{line}");
        let (code, out, _) = data(root.path(), &["verify", &dataset.name]);
        assert_eq!((code, out.trim()), (1, format!("{}: absent", dataset.name).as_str()));
    }
    assert_eq!(data(root.path(), &["verify"]).0, 0);
}

#[test]
fn verify_of_files_put_into_place_by_hand_names_damage() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("digits")).unwrap();
    let (code, out, _) = data(root.path(), &["verify", "digits"]);
    assert_eq!(code, 1);
    assert!(out.starts_with("digits: damaged: digits.csv.gz is missing"), "{out}");
    std::fs::write(root.path().join("digits/digits.csv.gz"), "not it").unwrap();
    let (code, out, _) = data(root.path(), &["verify"]);
    assert_eq!(code, 1);
    assert!(out.contains("expected digits.csv.gz with SHA-256 09f66e6d"), "{out}");
    assert!(out.contains("(6 bytes)"), "{out}");
    // The file may belong to the user, so only `--force` replaces it.
    let (code, _, err) = data(root.path(), &["fetch", "digits"]);
    assert_eq!(code, 2);
    assert!(err.contains("`lstm-lab data fetch --force digits` replaces it"), "{err}");
}

#[test]
fn fetch_without_network_names_the_command_and_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let (code, out, err) = data(root.path(), &["fetch", "digits"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("-m pip download --no-deps") && err.contains("scikit-learn==1.7.2"), "{err}");
    assert!(err.contains("Or put digits.csv.gz into "), "{err}");
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
}

/// Checks sizes, value range, labels and number of classes of an image dataset.
fn check_images(name: &str, size: (usize, usize, u8), count: (usize, usize), first_labels: [u8; 5]) {
    let images = Images::from_dataset(name, &root_of(name)).unwrap();
    assert_eq!((images.height, images.width, images.max), size);
    assert_eq!((images.train.len(), images.test.len()), count);
    assert_eq!(images.train.labels[..5], first_labels, "the first labels of the publisher's own file");
    for split in [&images.train, &images.test] {
        assert_eq!(split.pixels.len(), split.len() * images.height * images.width);
        assert_eq!(split.pixels.iter().max(), Some(&images.max));
        let classes: std::collections::BTreeSet<_> = split.labels.iter().collect();
        assert_eq!(classes.len(), images.classes);
    }
}

mod needs_fashion_mnist {
    #[test]
    #[ignore = "needs the dataset fashion_mnist"]
    fn images_are_as_published() {
        super::check_images("fashion_mnist", (28, 28, 255), (60_000, 10_000), [9, 0, 0, 3, 0]);
    }
}

mod needs_digits {
    #[test]
    #[ignore = "needs the dataset digits"]
    fn images_are_as_published() {
        super::check_images("digits", (8, 8, 16), (898, 899), [0, 1, 2, 3, 4]);
    }
}

mod needs_sotu {
    use super::*;

    #[test]
    #[ignore = "needs the dataset sotu"]
    fn sotu_text_is_in_order_of_time() {
        let root = root_of("sotu");
        let raw = RawText::from_dataset("sotu", &root).unwrap();
        let places: Vec<usize> = [
            "the favorable prospects which continue to distinguish our public affairs", // 1790
            "This is the eighth such report that, as President",                        // January 1953
            "I welcome the honor of appearing before you to deliver my first message",  // February 1953
            "no President has ever said those words from this podium",                  // 2021
        ]
        .iter()
        .map(|words| raw.text.find(words).unwrap())
        .collect();
        assert!(places.is_sorted(), "{places:?}");
        assert!(places[0] < 200, "{places:?}");
    }

    #[test]
    #[ignore = "needs the dataset sotu"]
    fn vocabulary_of_early_addresses_encodes_late_ones() {
        let root = root_of("sotu");
        let text = RawText::from_dataset("sotu", &root).unwrap().text;
        let middle = text.find("This is the eighth such report").unwrap();
        let (early, late) = text.split_at(middle);
        let words = Words::of_text(early, 3);
        let unknown = |text: &str| {
            let numbers = words.encode(text);
            let count = numbers.iter().filter(|number| **number == words.unknown()).count();
            count as f64 / numbers.len() as f64
        };
        assert_eq!(["the", "of", ","].map(|word| words.number_of(word).is_some_and(|n| n < 6)), [true; 3]);
        assert!(words.number_of("internet").is_none() && words.number_of("treaty").is_some());
        assert!(unknown(early) < unknown(late), "{} {}", unknown(early), unknown(late));
        let characters = Characters::of_text(early);
        let late = characters.encode(late);
        // Only late addresses have curly quotation marks.
        assert!(
            late.contains(&characters.unknown()) && late.iter().all(|index| *index <= characters.unknown())
        );
    }
}
