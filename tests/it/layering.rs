//! The house: what may name what. Read off the sources, so that a wrong import fails here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Top-level module → its code without comments.
fn modules() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut modules: BTreeMap<String, String> = BTreeMap::new();
    for file in files {
        let relative = file.strip_prefix(&root).unwrap();
        let first = relative.components().next().unwrap().as_os_str().to_string_lossy();
        let name = first.trim_end_matches(".rs").to_string();
        let text = fs::read_to_string(&file).unwrap();
        let code: String =
            text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n");
        modules.entry(name).or_default().push_str(&code);
    }
    modules
}

#[test]
fn configs_and_results_do_not_name_tch() {
    let modules = modules();
    for name in ["config", "data", "error", "report", "results", "stats"] {
        let code = &modules[name];
        // As a path (`tch::…`, but not `fetch::…`) or as an import of the whole crate.
        let mut paths = code.split(|c: char| !c.is_alphanumeric() && !"_:".contains(c));
        assert!(!paths.any(|path| path.starts_with("tch::")), "module `{name}` names tch");
        assert!(!code.contains("use tch"), "module `{name}` imports tch");
    }
}

#[test]
fn only_device_names_a_device() {
    for (name, code) in modules() {
        for word in ["Device::Cpu", "Device::Cuda"] {
            assert!(name == "device" || !code.contains(word), "module `{name}` names {word}");
        }
    }
}

#[test]
fn imports_go_one_way() {
    let modules = modules();
    let imports = |code: &str| -> BTreeSet<String> {
        let word =
            |rest: &str| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap().to_string();
        code.split("crate::").skip(1).map(word).filter(|name| modules.contains_key(name)).collect()
    };
    let graph: BTreeMap<&String, BTreeSet<String>> = modules
        .iter()
        .filter(|(name, _)| !["main", "lib"].contains(&name.as_str()))
        .map(|(n, c)| (n, imports(c)))
        .collect();
    fn visit<'a>(
        name: &'a String,
        graph: &'a BTreeMap<&String, BTreeSet<String>>,
        way: &mut Vec<&'a String>,
    ) {
        assert!(!way.contains(&name), "a circle of imports: {way:?} → {name}");
        way.push(name);
        for next in graph.get(name).into_iter().flatten().filter(|next| *next != name) {
            visit(next, graph, way);
        }
        way.pop();
    }
    for name in graph.keys() {
        visit(name, &graph, &mut Vec::new());
    }
}
