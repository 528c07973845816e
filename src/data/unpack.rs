//! Takes the wanted files out of a tar.gz, and nothing else: nothing in an archive decides where it is written.

use std::fs::File;
use std::io::copy;
use std::path::{Component, Path};

use flate2::read::GzDecoder;
use tar::{Archive, EntryType};

/// Writes each regular file that stands in `TOP/<folder>` and whose name ends with `ending` to `into`, under its bare
/// name. Returns how many there were.
///
/// # Errors
/// A sentence that says what is wrong with the archive or could not be written.
pub fn unpack(archive: &[u8], (folder, ending): (&str, &str), into: &Path) -> Result<usize, String> {
    let broken = |e: std::io::Error| format!("the archive is damaged: {e}");
    let mut archive = Archive::new(GzDecoder::new(archive));
    let mut count = 0;
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let path = entry.path().map_err(broken)?.into_owned();
        let Some(name) = wanted(&path, folder, ending) else { continue };
        if entry.header().entry_type() != EntryType::Regular {
            return Err(format!("expected {} in the archive to be a plain file", path.display()));
        }
        let target = into.join(name);
        let written = File::create_new(&target).and_then(|mut file| copy(&mut entry, &mut file));
        written.map_err(|e| format!("cannot unpack {}: {e}", target.display()))?;
        count += 1;
    }
    Ok(count)
}

/// The bare name of a path `TOP/<folder>/NAME`, where it is wanted and made of plain components only.
fn wanted<'a>(path: &'a Path, folder: &str, ending: &str) -> Option<&'a str> {
    let mut components = path.components();
    let plain = components.clone().all(|component| matches!(component, Component::Normal(_)));
    components.next();
    let rest = components.as_path();
    let name = rest.file_name()?.to_str()?;
    (plain && rest.parent() == Some(Path::new(folder)) && name.ends_with(ending)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};

    fn archive(entries: &[(&str, EntryType, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (path, kind, text) in entries {
            let mut header = tar::Header::new_gnu();
            // Written into the header's bytes, since the builder itself refuses hostile names.
            header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_entry_type(*kind);
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append(&header, text.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    #[test]
    fn only_the_wanted_files_come_out() {
        let dir = tempfile::tempdir().unwrap();
        let bytes = archive(&[
            ("p-1/setup.py", EntryType::Regular, "raise SystemExit"),
            ("p-1/texts/a.txt", EntryType::Regular, "A"),
            ("p-1/texts/deep/b.txt", EntryType::Regular, "B"),
            ("p-1/texts/c.md", EntryType::Regular, "C"),
        ]);
        assert_eq!(unpack(&bytes, ("texts", ".txt"), dir.path()), Ok(1));
        let names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["a.txt"]);
    }

    #[test]
    fn hostile_paths_and_links_write_nothing_outside() {
        let dir = tempfile::tempdir().unwrap();
        let into = dir.path().join("into");
        std::fs::create_dir(&into).unwrap();
        for path in ["p/texts/../../out.txt", "/texts/out.txt", "../texts/out.txt"] {
            assert_eq!(unpack(&archive(&[(path, EntryType::Regular, "x")]), ("texts", ".txt"), &into), Ok(0));
        }
        let link = archive(&[("p/texts/out.txt", EntryType::Symlink, "")]);
        assert!(unpack(&link, ("texts", ".txt"), &into).unwrap_err().contains("plain file"));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        assert_eq!(std::fs::read_dir(&into).unwrap().count(), 0);
    }

    #[test]
    fn a_truncated_archive_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let text: String = (0..20_000).map(|n| format!("{n} ")).collect();
        let bytes = archive(&[("p/texts/a.txt", EntryType::Regular, &text)]);
        assert!(unpack(&bytes[..bytes.len() / 2], ("texts", ".txt"), dir.path()).is_err());
    }
}
