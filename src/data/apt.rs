//! Asks apt for a package. apt knows the user's mirrors, proxies and keys; nothing here names any.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};

use super::tool;

/// The two programs that are needed, which come together.
#[derive(Debug, Clone, Copy)]
pub struct Tools<'a> {
    /// Downloads a package, for which it need not be root.
    pub apt_get: &'a [&'a str],
    /// Knows how a package is packed, which has changed over the years.
    pub dpkg_deb: &'a [&'a str],
}

/// Those of the user's machine.
pub const TOOLS: Tools = Tools { apt_get: &["apt-get"], dpkg_deb: &["dpkg-deb"] };

const INSTALL: &str = "apt and dpkg are there on Debian and Ubuntu";

/// Downloads a Debian package and writes the files that it would install to `to`, as a tar archive that is not
/// compressed. Nothing is installed, and nothing in the package is run. `to` is in a directory that is there.
///
/// # Errors
/// A sentence about what is missing: apt, the network, the package, the lists of packages.
pub fn download(tools: Tools, package: &str, to: &Path) -> Result<(), String> {
    // apt names the file by version and architecture, so it gets a directory of its own.
    let aside = to.with_extension("apt");
    let cannot = |error: std::io::Error| format!("cannot write to {}: {error}", aside.display());
    fs::create_dir(&aside).map_err(cannot)?;
    let output = tool::run(
        command(tools.apt_get).args(["-qq", "download", package]).current_dir(&aside),
        &format!("download the Debian package {package}"),
        INSTALL,
    )?;
    if !output.status.success() {
        return Err(failure(package, &output));
    }
    let packages: Vec<_> = fs::read_dir(&aside)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(cannot)?;
    let [package_file] = packages.as_slice() else {
        return Err(format!("expected one file from `apt-get download {package}`, found {}", packages.len()));
    };
    let tar = File::create_new(to).map_err(cannot)?;
    let output = tool::run_into(
        command(tools.dpkg_deb).arg("--fsys-tarfile").arg(package_file),
        tar,
        &format!("unpack the Debian package {package}"),
        INSTALL,
    )?;
    match output.status.success() {
        true => Ok(()),
        false => {
            let said = tool::said(&output).join("; ");
            Err(format!("the Debian package {package} is damaged; dpkg-deb said: {said}"))
        }
    }
}

fn command(words: &[&str]) -> Command {
    let (program, rest) = words.split_first().expect("a tool has a name");
    let mut command = Command::new(program);
    // Messages in English, whatever the user's language: they go into one of ours.
    command.args(rest).env("LC_ALL", "C");
    command
}

fn failure(package: &str, output: &Output) -> String {
    let said = tool::said(output);
    // W: is a warning, E: what went wrong.
    let line = said.iter().find(|line| line.starts_with("E:")).or(said.last());
    let line = line.map_or("nothing", String::as_str);
    format!(
        "apt-get could not download the Debian package {package}; is there a network, and are the lists of \
         packages here (`apt-get update`, as root, fetches them)? apt-get said: {line}"
    )
}

#[cfg(test)]
mod tests {
    use super::super::tool::tests::is_here;
    use super::*;

    /// A Debian package with one file, packed by hand: an `ar` archive of the format's version and two tar
    /// archives.
    fn package() -> Vec<u8> {
        let tar = |path: &str, content: &str| {
            let mut builder = tar::Builder::new(Vec::new());
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, path, content.as_bytes()).unwrap();
            builder.into_inner().unwrap()
        };
        let control =
            "Package: letters\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: x\n";
        let mut bytes = b"!<arch>\n".to_vec();
        for (name, content) in [
            ("debian-binary", b"2.0\n".to_vec()),
            ("control.tar", tar("control", control)),
            ("data.tar", tar("usr/share/letters/a.txt", "abc")),
        ] {
            let head = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 100_644, content.len());
            bytes.extend(head.as_bytes());
            bytes.extend(&content);
            bytes.extend(vec![b'\n'; content.len() % 2]);
        }
        bytes
    }

    /// A program of the shell, which gets its arguments as $1, $2 …
    fn sh(script: &str) -> [&str; 4] {
        ["sh", "-c", script, "sh"]
    }

    #[test]
    fn a_package_that_apt_brings_becomes_a_tar_of_its_files() {
        if !is_here("dpkg-deb") {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let (published, to) = (dir.path().join("published.deb"), dir.path().join("archive"));
        fs::write(&published, package()).unwrap();
        let script =
            format!("[ \"$2 $3\" = 'download letters' ] && cp {} letters_1_all.deb", published.display());
        let tools = Tools { apt_get: &sh(&script), ..TOOLS };
        download(tools, "letters", &to).unwrap();
        let mut tar = tar::Archive::new(File::open(&to).unwrap());
        let paths: Vec<_> =
            tar.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().into_owned()).collect();
        assert_eq!(paths, [Path::new("usr/share/letters/a.txt")]);

        let cut = package();
        fs::write(&published, &cut[..cut.len() / 2]).unwrap();
        let error = download(tools, "letters", &dir.path().join("cut")).unwrap_err();
        assert!(error.starts_with("the Debian package letters is damaged; dpkg-deb said: "), "{error}");
    }

    #[test]
    fn what_apt_says_is_told_with_a_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let script = "echo 'W: odd' >&2; echo 'E: no such package' >&2; echo more >&2; exit 100";
        let tools = Tools { apt_get: &sh(script), ..TOOLS };
        let error = download(tools, "letters", &dir.path().join("archive")).unwrap_err();
        assert!(error.contains("package letters") && error.contains("`apt-get update`"), "{error}");
        assert!(error.ends_with("apt-get said: E: no such package"), "{error}");
    }

    #[test]
    fn an_apt_that_brings_nothing_is_found_out() {
        let dir = tempfile::tempdir().unwrap();
        let tools = Tools { apt_get: &sh("exit 0"), ..TOOLS };
        let error = download(tools, "letters", &dir.path().join("archive")).unwrap_err();
        assert_eq!(error, "expected one file from `apt-get download letters`, found 0");
    }

    #[test]
    fn an_apt_that_is_missing_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let tools = Tools { apt_get: &["no-such-apt"], ..TOOLS };
        let error = download(tools, "letters", &dir.path().join("archive")).unwrap_err();
        assert!(error.contains("expected `no-such-apt` on the PATH"), "{error}");
        assert!(error.contains("Debian and Ubuntu"), "{error}");
    }
}
