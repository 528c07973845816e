//! The files that runs take their parameters from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::rules;
use crate::config::Spec;
use crate::config::spec::Part;
use crate::settings::names::WeightsLayout;
use crate::settings::{InitFile, InitSetting, Settings};
use crate::support::checksum;
use crate::support::error::ConfigError;

/// The file that a run takes its parameters from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct WeightsFile {
    /// The absolute path. The run id depends on the file's checksum instead.
    #[serde(skip)]
    pub path: PathBuf,
    /// The SHA-256 of the file.
    pub sha256: String,
    /// The text before the names of the parameters; `None` for the only one in the file.
    pub prefix: Option<String>,
    /// The order of the gates' blocks; `None` for that of the layout.
    pub gates: Option<String>,
    /// The names and shapes; `None` for PyTorch's. Run ids of files in PyTorch's layout are without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<WeightsLayout>,
}

/// The files of a grid, by name.
pub struct WeightsFiles(BTreeMap<String, WeightsFile>);

impl WeightsFiles {
    /// Computes the checksums of the files of a part.
    ///
    /// # Errors
    /// A file that cannot be read, at the key `init`.
    pub fn read(spec: &Spec, part: &Part) -> Result<WeightsFiles, ConfigError> {
        let read = |file: &InitFile| {
            let InitFile { file, name, prefix, gates, layout } = file.clone();
            let (_, sha256) = checksum::of_file(Path::new(&file)).map_err(|cause| {
                let rule = "a path is relative to the directory of the config";
                let problem = format!("{file}: expected a safetensors file to read, found: {cause} ({rule})");
                rules::error(spec, part.measure.kind(), "init", problem)
            })?;
            let file = WeightsFile { path: file.into(), sha256, prefix, gates, layout };
            Ok((name.unwrap_or_default(), file))
        };
        part.grid.files.iter().map(read).collect::<Result<_, _>>().map(WeightsFiles)
    }

    /// The file of a run; `None` if its parameters are drawn.
    pub fn of(&self, settings: &Settings) -> Option<WeightsFile> {
        match settings.init.as_ref()? {
            InitSetting::Drawn(_) => None,
            InitSetting::File(name) => self.0.get(name).cloned(),
        }
    }
}
