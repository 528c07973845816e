//! Asks npm for a package. npm knows the user's registry, proxies and certificates; nothing here names any.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use super::tool;

const INSTALL: &str = "install Node.js with npm (Debian, Ubuntu: `apt-get install npm`)";

/// Downloads the archive of `package`, as the registry has it, to the file `to` with npm (6 or later). Nothing
/// in it is run. `to` is in a directory that is there.
///
/// # Errors
/// A sentence about what is missing: npm, the network, the package.
pub fn download(npm: &str, package: &str, version: &str, to: &Path) -> Result<(), String> {
    let wanted = format!("{package}@{version}");
    // npm names the file by rules that changed between its versions, so it gets a directory of its own.
    let aside = to.with_extension("npm");
    let cannot = |error: std::io::Error| format!("cannot write to {}: {error}", aside.display());
    fs::create_dir(&aside).map_err(cannot)?;
    let output = tool::run(
        Command::new(npm)
            .args(["pack", &wanted, "--ignore-scripts", "--loglevel=error", "--no-update-notifier"])
            .current_dir(&aside),
        &format!("download {wanted}"),
        INSTALL,
    )?;
    if !output.status.success() {
        return Err(failure(&wanted, &output));
    }
    let archives: Vec<_> = fs::read_dir(&aside)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(cannot)?;
    let [archive] = archives.as_slice() else {
        return Err(format!("expected one file from `npm pack {wanted}`, found {}", archives.len()));
    };
    fs::rename(archive, to).map_err(cannot)
}

fn failure(wanted: &str, output: &Output) -> String {
    let said = tool::said(output);
    // The line that says which address failed, and how; what is around it is advice on npm.
    let line = said.iter().find(|line| line.contains("://")).or(said.first());
    let line = line.map_or("nothing", String::as_str);
    format!(
        "npm could not download {wanted}; is there a network, and has your registry that package? npm said: \
         {line}"
    )
}

#[cfg(test)]
mod tests {
    use tar::EntryType;

    use super::super::tool::tests::is_here;
    use super::super::unpack::tests::archive;
    use super::*;

    #[test]
    fn npm_brings_the_archive_byte_for_byte_and_nothing_in_it_runs() {
        if !is_here("npm") {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let trace = dir.path().join("trace");
        let script = format!("touch {}", trace.display());
        let scripts =
            ["prepack", "prepare", "install", "postinstall"].map(|event| format!("{event:?}: {script:?}"));
        let package =
            format!(r#"{{"name": "letters", "version": "1.0.0", "scripts": {{{}}}}}"#, scripts.join(", "));
        let bytes = archive(&[("package/package.json", EntryType::Regular, &package)]);
        let published = dir.path().join("published.tgz");
        fs::write(&published, &bytes).unwrap();
        let to = dir.path().join("archive");
        // A version may be a file's address: a registry that needs no network.
        download("npm", "letters", &format!("file:{}", published.display()), &to).unwrap();
        assert_eq!(fs::read(&to).unwrap(), bytes);
        assert!(!trace.exists());
    }

    #[test]
    fn a_package_that_npm_does_not_find_is_named() {
        if !is_here("npm") {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let absent = format!("file:{}", dir.path().join("absent.tgz").display());
        let error = download("npm", "letters", &absent, &dir.path().join("archive")).unwrap_err();
        assert!(error.starts_with("npm could not download letters@file:"), "{error}");
        assert!(error.contains("npm said: npm "), "{error}");
    }

    #[test]
    fn an_npm_that_is_missing_is_named_with_a_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let error = download("no-such-npm", "letters", "1.0", &dir.path().join("archive")).unwrap_err();
        assert!(error.contains("expected `no-such-npm` on the PATH to download letters@1.0 with"), "{error}");
        assert!(error.contains("`apt-get install npm`"), "{error}");
    }

    #[test]
    fn the_line_with_the_address_is_told() {
        let output = |stderr: &str| Output {
            status: Default::default(),
            stdout: Vec::new(),
            stderr: stderr.as_bytes().to_vec(),
        };
        let told = failure("a@1", &output("npm error code E404\nnpm error 404 at x://y/a\nnpm error z\n"));
        assert!(told.ends_with("npm said: npm error 404 at x://y/a"), "{told}");
        assert!(failure("a@1", &output("npm error code E\nmore\n")).ends_with("npm said: npm error code E"));
        assert!(failure("a@1", &output("")).ends_with("npm said: nothing"));
    }
}
