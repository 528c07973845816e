//! The known datasets, each described by a file in `datasets/`, and the search for one by its name.

use std::sync::LazyLock;

use super::dataset::{Dataset, DatasetKind};
use crate::support::error::{Error, Result};
use crate::support::text::unknown;

/// Every known dataset.
pub static DATASETS: LazyLock<[Dataset; 4]> = LazyLock::new(|| {
    [
        include_str!("datasets/shakespeare.json"),
        include_str!("datasets/sotu.json"),
        include_str!("datasets/fashion_mnist.json"),
        include_str!("datasets/digits.json"),
    ]
    .map(|json| serde_json::from_str(json).expect("the descriptions of datasets are valid"))
});

/// The dataset with a name.
///
/// # Errors
/// [`Error::Usage`] for an unknown name. The message lists the known ones.
pub fn dataset(name: &str) -> Result<&'static Dataset> {
    find(DATASETS.iter(), "dataset", name)
}

/// The dataset with a name and of a kind.
///
/// # Errors
/// [`Error::Usage`] for an unknown name or one of another kind. The message lists the names of that kind.
pub fn dataset_of(kind: DatasetKind, name: &str) -> Result<&'static Dataset> {
    find(DATASETS.iter().filter(|dataset| dataset.kind() == kind), &format!("dataset of {kind}"), name)
}

fn find(
    mut among: impl Iterator<Item = &'static Dataset> + Clone,
    what: &str,
    name: &str,
) -> Result<&'static Dataset> {
    let names = among.clone().map(|dataset| dataset.name.as_str());
    among.find(|dataset| dataset.name == name).ok_or_else(|| Error::Usage(unknown(what, name, names)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn datasets_have_unique_names_and_files_with_checksums() {
        let names: BTreeSet<&str> = DATASETS.iter().map(|dataset| dataset.name.as_str()).collect();
        assert_eq!(names.len(), DATASETS.len());
        let is_digest =
            |text: &str| text.len() == 64 && text.bytes().all(|b| b"0123456789abcdef".contains(&b));
        for Dataset { name, package, files, .. } in DATASETS.iter() {
            let unique: BTreeSet<&str> = files.iter().map(|file| file.name.as_str()).collect();
            assert!(!files.is_empty() && unique.len() == files.len(), "{name}");
            for file in files {
                assert!(is_digest(&file.sha256) && !file.name.contains(['/', '\\']), "{name}: {}", file.name);
            }
            assert!(["pip", "npm", "apt"].contains(&package.manager.as_str()), "{name}");
            let has_digest = package.sha256.as_deref().is_some_and(is_digest);
            assert_eq!(has_digest, package.manager == "pip", "{name}");
        }
    }

    #[test]
    fn dataset_of_unknown_name_suggests_the_nearest_one() {
        assert_eq!(dataset("shakespeare").unwrap().name, "shakespeare");
        let error = dataset("shakespear").unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("did you mean `shakespeare`?"), "{error}");
    }

    #[test]
    fn dataset_of_another_kind_is_refused_with_the_names_that_fit() {
        let error = dataset_of(DatasetKind::Images, "sotu").unwrap_err().to_string();
        assert!(error.contains("expected a dataset of images (`fashion_mnist`, `digits`)"), "{error}");
        let error = dataset_of(DatasetKind::Text, "digits").unwrap_err().to_string();
        assert!(error.contains("expected a dataset of text (`shakespeare`, `sotu`)"), "{error}");
    }

    #[test]
    fn sotu_of_two_addresses_in_a_year_lists_the_leaving_president_first() {
        let files = &dataset("sotu").unwrap().files;
        assert!(files.is_sorted_by_key(|file| &file.name[..4]));
        let presidents = |year: &str| -> Vec<&str> {
            files.iter().filter(|file| file.name.starts_with(year)).map(|file| &file.name[5..10]).collect()
        };
        assert_eq!(presidents("1953"), ["harry", "dwigh"]);
        assert_eq!(presidents("1961"), ["dwigh", "john_"]);
    }
}
