//! Takes the files of a dataset out of a tar archive. No name in an archive decides where something is written.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Component, Path};

use tar::{Archive, EntryType};

/// Writes each file `TOP/<folder>/NAME<suffix>` of a tar archive, which is no longer compressed, to
/// `into/NAME<suffix>` and nothing else. Returns the names, sorted.
///
/// # Errors
/// A sentence about what is wrong: the archive is damaged or cut short; a wanted file is a link; there is a
/// path (even of a file that is not wanted) that is absolute or leads upwards; it has none of the files; or a
/// file cannot be written.
pub fn unpack(archive: impl Read, folder: &str, suffix: &str, into: &Path) -> Result<Vec<String>, String> {
    let mut archive = Archive::new(archive);
    let mut names = Vec::new();
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let path = entry.path().map_err(damaged)?.into_owned();
        let kind = entry.header().entry_type();
        if kind == EntryType::XGlobalHeader {
            continue; // Remarks about the whole archive.
        }
        check_inside(&path)?;
        if kind != EntryType::Directory
            && let Some(name) = wanted(&path, folder, suffix)
        {
            check_kind(&path, kind)?;
            let mut content = Vec::new();
            entry.read_to_end(&mut content).map_err(damaged)?;
            let written = File::create_new(into.join(name)).and_then(|mut file| file.write_all(&content));
            written.map_err(|error| format!("cannot unpack {}: {error}", path.display()))?;
            names.push(name.to_string());
        }
    }
    // What decompresses the archive finds its checksum behind the last entry.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(damaged)?;
    if names.is_empty() {
        return Err(format!("expected files `{folder}/*{suffix}` in the archive, found none"));
    }
    names.sort();
    Ok(names)
}

fn damaged(error: io::Error) -> String {
    format!("the archive is damaged or cut short: {error}")
}

/// Refuses a path that no well-meant archive has.
fn check_inside(path: &Path) -> Result<(), String> {
    let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if path.components().all(inside) {
        return Ok(());
    }
    Err(format!("expected paths inside the archive, found `{}`", path.display()))
}

/// Refuses a wanted file that is none. Elsewhere a link does not matter (Debian's packages may have some):
/// nothing is written for it.
fn check_kind(path: &Path, kind: EntryType) -> Result<(), String> {
    match kind {
        EntryType::Regular => Ok(()),
        _ => Err(format!("expected a file in the archive, found {kind:?} `{}`", path.display())),
    }
}

/// NAME of a path `TOP/<folder>/NAME` that ends as it should.
fn wanted<'a>(path: &'a Path, folder: &str, suffix: &str) -> Option<&'a str> {
    let top = path.components().next()?;
    let name = path.strip_prefix(top).ok()?.strip_prefix(folder).ok()?.to_str()?;
    (name.ends_with(suffix) && !name.contains(['/', '\\', '\n', '\r'])).then_some(name)
}

#[cfg(test)]
pub mod tests {
    use std::fs;

    use flate2::{Compression, read::GzDecoder, write::GzEncoder};

    use super::*;

    /// A `.tar.gz` of entries (path, kind, content).
    pub fn archive(entries: &[(&str, EntryType, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (path, kind, content) in entries {
            let mut header = tar::Header::new_gnu();
            // Written into the header's bytes: the builder itself refuses hostile paths.
            header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
            if matches!(kind, EntryType::Symlink | EntryType::Link) {
                header.set_link_name("/etc/passwd").unwrap();
            }
            header.set_entry_type(*kind);
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append(&header, content.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    /// Unpacks into a directory in a directory of its own; says what came of it and how many files there are
    /// in either.
    fn unpacked(archive: &[u8]) -> (Result<Vec<String>, String>, usize, usize) {
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("inner");
        fs::create_dir(&inner).unwrap();
        let result = unpack(GzDecoder::new(archive), "texts", ".txt", &inner);
        let count = |dir: &Path| fs::read_dir(dir).unwrap().count();
        (result, count(outer.path()) - 1, count(&inner))
    }

    #[test]
    fn only_the_wanted_files_come_out() {
        let dir = tempfile::tempdir().unwrap();
        let bytes = archive(&[
            ("p-1/", EntryType::Directory, ""),
            ("p-1/setup.py", EntryType::Regular, "raise SystemExit"),
            ("p-1/texts/b.txt", EntryType::Regular, "B"),
            ("p-1/texts/a.txt", EntryType::Regular, "A"),
            ("p-1/texts/c.md", EntryType::Regular, "C"),
            ("p-1/texts/deep/d.txt", EntryType::Regular, "D"),
            ("p-1/other/texts/e.txt", EntryType::Regular, "E"),
            ("p-1/texts.txt", EntryType::Regular, "F"),
            ("p-1/doc/texts.txt", EntryType::Symlink, ""),
        ]);
        assert_eq!(
            unpack(GzDecoder::new(&bytes[..]), "texts", ".txt", dir.path()).unwrap(),
            ["a.txt", "b.txt"]
        );
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
        assert_eq!(fs::read_to_string(dir.path().join("a.txt")).unwrap(), "A");
    }

    #[test]
    fn hostile_paths_are_refused() {
        for path in
            ["p/texts/../../out.txt", "/texts/out.txt", "../texts/out.txt", "p/texts/..", "/p/texts/a.txt"]
        {
            let (result, outside, inside) = unpacked(&archive(&[(path, EntryType::Regular, "x")]));
            let error = result.unwrap_err();
            assert!(error.contains(&format!("inside the archive, found `{path}`")), "{path}: {error}");
            assert_eq!((outside, inside), (0, 0), "{path}");
        }
    }

    #[test]
    fn links_and_devices_are_refused() {
        for kind in [EntryType::Symlink, EntryType::Link, EntryType::Fifo, EntryType::Char] {
            let (result, outside, inside) = unpacked(&archive(&[("p/texts/a.txt", kind, "")]));
            assert!(result.unwrap_err().contains("expected a file in the archive"), "{kind:?}");
            assert_eq!((outside, inside), (0, 0), "{kind:?}");
        }
    }

    #[test]
    fn a_name_that_comes_twice_is_refused() {
        let entry = ("p/texts/a.txt", EntryType::Regular, "x");
        let (result, ..) = unpacked(&archive(&[entry, entry]));
        assert!(result.unwrap_err().starts_with("cannot unpack p/texts/a.txt"));
    }

    #[test]
    fn an_archive_without_the_files_is_refused() {
        let (result, ..) = unpacked(&archive(&[("p/setup.py", EntryType::Regular, "x")]));
        assert_eq!(result.unwrap_err(), "expected files `texts/*.txt` in the archive, found none");
    }

    #[test]
    fn a_damaged_archive_is_refused_wherever_it_is_cut() {
        let content: String = (0..20_000).map(|n| format!("{n} ")).collect();
        let bytes = archive(&[("p/texts/a.txt", EntryType::Regular, &content)]);
        for length in [0, 5, 200, bytes.len() / 2, bytes.len() - 9, bytes.len() - 1] {
            let error = unpacked(&bytes[..length]).0.unwrap_err();
            assert!(error.starts_with("the archive is damaged or cut short"), "{length}: {error}");
        }
        assert!(unpacked(b"<html>not found</html>").0.is_err());
    }
}
