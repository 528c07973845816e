//! Asks pip for a file. pip knows the user's package index, proxies and certificates; nothing here names any.

use std::path::Path;
use std::process::{Command, Output};

use super::tool;

const PROGRAM: &str = include_str!("pip_download.py");

const INSTALL: &str = "install Python 3 and pip (Debian, Ubuntu: `apt-get install python3 python3-pip`)";

/// Downloads the source archive of that file name of a package to the file `to` with the pip of a Python (3.6
/// or later, pip 20.3 or later). Nothing in the archive is run. `options` are further ones for pip.
///
/// # Errors
/// A sentence about what is missing: Python, pip, the network, the file.
pub fn download(
    python: &str,
    package: &str,
    archive: &str,
    to: &Path,
    options: &[&str],
) -> Result<(), String> {
    let mut command = Command::new(python);
    command.args(["-c", PROGRAM, package, archive]).arg(to).args(options);
    let output = tool::run(&mut command, &format!("download {archive}"), INSTALL)?;
    outcome(python, package, archive, &output)
}

fn outcome(python: &str, package: &str, archive: &str, output: &Output) -> Result<(), String> {
    let said = tool::said(output);
    let said = said.last().map_or("nothing", String::as_str);
    match output.status.code() {
        Some(0) => Ok(()),
        Some(10) => Err(format!(
            "expected pip to download {archive} with, found none for `{python}`; install it with \
             `{python} -m ensurepip --upgrade` (Debian, Ubuntu: `apt-get install python3-pip`)"
        )),
        Some(11) => Err(format!(
            "pip found no file {archive} of the package `{package}`; is there a network, and has your package \
             index that package? pip said: {said}"
        )),
        Some(12) => Err(format!(
            "cannot download {archive} with this version of pip ({said}); versions 20.3 to 26 are known to \
             work: `{python} -m pip install \"pip>=20.3,<27\"`"
        )),
        _ => Err(format!("pip could not download {archive}; is there a network? pip said: {said}")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tar::EntryType;

    use super::super::unpack::tests::archive;
    use super::*;

    const ARCHIVE: &str = "letters-1.0.tar.gz";

    /// What an index would have, in a directory; its setup.py leaves a trace where it is run.
    fn index(trace: &Path) -> tempfile::TempDir {
        let index = tempfile::tempdir().unwrap();
        let setup = format!("open({:?}, 'w').close()", trace.display().to_string());
        let info = "Metadata-Version: 1.0\nName: letters\nVersion: 1.0\n";
        let bytes = archive(&[
            ("letters-1.0/setup.py", EntryType::Regular, &setup),
            ("letters-1.0/PKG-INFO", EntryType::Regular, info),
        ]);
        fs::write(index.path().join(ARCHIVE), bytes).unwrap();
        index
    }

    fn from_directory(archive: &str, index: &Path, to: &Path) -> Result<(), String> {
        download("python3", "letters", archive, to, &["--no-index", "--find-links", index.to_str().unwrap()])
    }

    #[test]
    fn pip_brings_the_archive_and_nothing_in_it_runs() {
        let dir = tempfile::tempdir().unwrap();
        let (trace, to) = (dir.path().join("trace"), dir.path().join("got.tar.gz"));
        let index = index(&trace);
        from_directory(ARCHIVE, index.path(), &to).unwrap();
        assert_eq!(fs::read(&to).unwrap(), fs::read(index.path().join(ARCHIVE)).unwrap());
        assert!(!trace.exists());
    }

    #[test]
    fn an_archive_for_another_python_comes_too() {
        let dir = tempfile::tempdir().unwrap();
        let (index, to) = (index(&dir.path().join("trace")), dir.path().join("got.tar.gz"));
        let page = dir.path().join("index.html");
        let address = index.path().join(ARCHIVE);
        let link = format!(r#"<a href="file://{}" data-requires-python="&lt;3">x</a>"#, address.display());
        fs::write(&page, format!("<!DOCTYPE html><html><body>{link}</body></html>")).unwrap();
        from_directory(ARCHIVE, &page, &to).unwrap();
        assert_eq!(fs::read(&to).unwrap(), fs::read(&address).unwrap());
    }

    #[test]
    fn a_file_that_pip_does_not_find_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let index = index(&dir.path().join("trace"));
        let error = from_directory("letters-2.0.tar.gz", index.path(), &dir.path().join("got")).unwrap_err();
        assert!(
            error.starts_with("pip found no file letters-2.0.tar.gz of the package `letters`"),
            "{error}"
        );
    }

    #[test]
    fn a_python_that_is_missing_is_named_with_a_remedy() {
        let error = download("no-such-python", "letters", ARCHIVE, Path::new("unused"), &[]).unwrap_err();
        assert!(
            error.contains("`no-such-python` on the PATH") && error.contains("apt-get install"),
            "{error}"
        );
    }

    #[test]
    #[cfg(unix)]
    fn each_exit_code_has_its_message() {
        use std::os::unix::process::ExitStatusExt;
        use std::process::ExitStatus;

        for (code, expected) in
            [(10, "ensurepip"), (11, "found no file"), (12, "pip>=20.3,<27"), (1, "pip said: c")]
        {
            let status = ExitStatus::from_raw(code << 8);
            let output = Output { status, stdout: Vec::new(), stderr: b"a\n\nb\n c \n".to_vec() };
            let error = outcome("python3", "letters", ARCHIVE, &output).unwrap_err();
            assert!(error.contains(expected), "{code}: {error}");
        }
    }
}
