//! Configs of experiments.

use std::fs;
use std::path::Path;

use super::Target;
use crate::config;
use crate::data::Inputs;
use crate::plan::{Machine, Plan};

/// The reader of configs, and the plan of what it has read.
pub fn config() -> Target {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["experiments", "experiments/claims", "tests/configs"].map(|folder| root.join(folder));
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("a folder of configs"));
    let paths = files.map(|file| file.expect("a file").path());
    let configs = paths.filter(|path| path.extension().is_some_and(|ending| ending == "toml"));
    let inputs = configs.map(|path| fs::read(path).expect("a config")).collect();
    let dir = tempfile::tempdir().expect("a directory for temporary files");
    let machine = Machine { memory: Some(1 << 34), ..Machine::new("cpu", 1, "avx2") };
    Target::new(inputs, move |bytes| {
        let path = dir.path().join("x.toml");
        fs::write(&path, bytes).expect("a file for the config");
        let _ = config::load(&path, &[]).map(|spec| Plan::new(&spec, &Inputs::default(), &machine));
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn fuzz_config_is_planned_or_refused() {
        crate::fuzz::changes::fuzz("config", super::config());
    }
}
