//! The layers of the program, found in its sources: no cycle of files or folders, and no tensors in
//! modules that must not use them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The modules of a crate: the path of names from the root, with the file and its code.
struct Modules {
    code: BTreeMap<Vec<String>, String>,
}

/// A name that a file imports, as a path of names from the root.
type Import = Vec<String>;

impl Modules {
    fn read(root: &Path) -> Modules {
        let mut files = Vec::new();
        collect(root, &mut files);
        let mut code = BTreeMap::new();
        for file in files {
            let relative = file.strip_prefix(root).unwrap().with_extension("");
            let mut name: Vec<String> =
                relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if matches!(name.last().map(String::as_str), Some("mod" | "lib" | "main")) {
                name.pop();
            }
            // Tests may import any module. The binary has the same name as the root of the library.
            if !file.ends_with("main.rs") && !file.ends_with("tests.rs") {
                code.insert(name, strip(&fs::read_to_string(&file).unwrap()));
            }
        }
        Modules { code }
    }

    /// Returns the paths that a module names with `crate::`, `super::` or `self::`. Grouped imports are
    /// expanded.
    fn imports(&self, module: &[String]) -> Vec<Import> {
        let mut found = Vec::new();
        for start in ["crate::", "super::", "self::"] {
            for (at, _) in self.code[module].match_indices(start) {
                let before = self.code[module][..at].chars().next_back();
                if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '$') {
                    continue;
                }
                for path in written_out(&self.code[module][at..]) {
                    found.extend(self.absolute(module, &path));
                }
            }
        }
        found
    }

    fn absolute(&self, module: &[String], path: &[String]) -> Option<Import> {
        let mut base: Vec<String> = match path.first()?.as_str() {
            "crate" => vec![],
            _ => module.to_vec(),
        };
        let mut rest = path;
        while let Some(word) = rest.first().filter(|word| ["crate", "super", "self"].contains(&word.as_str()))
        {
            if word == "super" {
                base.pop()?;
            }
            rest = &rest[1..];
        }
        Some(base.into_iter().chain(rest.iter().cloned()).collect())
    }

    /// Returns the module that defines the item of a path, through re-exports.
    fn definer(&self, path: &[String], depth: usize) -> Vec<String> {
        let length = (0..=path.len()).rev().find(|n| self.code.contains_key(&path[..*n])).unwrap();
        let (module, rest) = path.split_at(length);
        let Some(name) = rest.first() else { return module.to_vec() };
        let exports = self.code[module].split("pub use ").skip(1);
        for export in exports.chain(self.code[module].split("pub(crate) use ").skip(1)) {
            for path in written_out(export) {
                if path.last() == Some(name) && depth < 8 {
                    let own =
                        self.absolute(module, &path).filter(|_| path[0] == "crate" || path[0] == "super");
                    let child = || module.iter().chain(&path).cloned().collect::<Vec<_>>();
                    let target = own.unwrap_or_else(child);
                    if self.code.keys().any(|known| !known.is_empty() && target.starts_with(known)) {
                        return self.definer(&target, depth + 1);
                    }
                }
            }
        }
        module.to_vec()
    }

    /// Returns the modules that each module depends on.
    fn graph(&self) -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
        let edges = |module: &Vec<String>| {
            let targets = self.imports(module).into_iter().map(|path| self.definer(&path, 0));
            targets.filter(|target| target != module && !target.is_empty()).collect()
        };
        self.code.keys().filter(|name| !name.is_empty()).map(|name| (name.clone(), edges(name))).collect()
    }
}

fn collect(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Returns the code up to its unit tests, without comments. A string keeps its slashes.
fn strip(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let comment = |line: &str| line.trim_start().starts_with("//");
    text.lines().filter(|line| !comment(line)).collect::<Vec<_>>().join("\n")
}

/// Returns the paths at the start of `text`: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn written_out(text: &str) -> Vec<Vec<String>> {
    let mut word = String::new();
    let mut path = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        match c {
            c if c.is_alphanumeric() || c == '_' => word.push(c),
            ':' if rest.peek().is_some_and(|(_, next)| *next == ':') => {
                rest.next();
                path.push(std::mem::take(&mut word));
            }
            '{' if word.is_empty() && !path.is_empty() => {
                return members(&text[at + 1..])
                    .into_iter()
                    .flat_map(written_out)
                    .map(|inner| {
                        let inner = inner.into_iter().filter(|word| word != "self");
                        path.iter().cloned().chain(inner).collect()
                    })
                    .collect();
            }
            _ => break,
        }
    }
    path.extend((!word.is_empty()).then_some(word));
    if path.is_empty() { vec![] } else { vec![path] }
}

/// Returns the members of a group up to its closing brace.
fn members(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                found.push(text[start..at].trim());
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    found
}

/// Returns a cycle in a graph, if there is one.
fn circle<K: Ord + Clone>(graph: &BTreeMap<K, BTreeSet<K>>) -> Option<Vec<K>> {
    fn visit<K: Ord + Clone>(
        node: &K,
        graph: &BTreeMap<K, BTreeSet<K>>,
        way: &mut Vec<K>,
        done: &mut BTreeSet<K>,
    ) -> Option<Vec<K>> {
        if let Some(start) = way.iter().position(|earlier| earlier == node) {
            return Some(way[start..].iter().chain([node]).cloned().collect());
        }
        if !done.insert(node.clone()) {
            return None;
        }
        way.push(node.clone());
        let found = graph.get(node).into_iter().flatten().find_map(|next| visit(next, graph, way, done));
        way.pop();
        found
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|node| visit(node, graph, &mut Vec::new(), &mut done))
}

fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    vec![root.join("src"), root.join("crates/rnn-kernels/src"), root.join("crates/tch-autograd/src")]
}

fn library() -> Modules {
    Modules::read(&sources()[0])
}

#[test]
fn imports_between_files_have_no_circle() {
    for root in sources().iter().filter(|root| root.exists()) {
        let circle = circle(&Modules::read(root).graph());
        let shown: Vec<String> = circle.iter().flatten().map(|module| module.join("::")).collect();
        assert!(shown.is_empty(), "{}: a circle of files: {}", root.display(), shown.join(" → "));
    }
}

#[test]
fn imports_between_folders_have_no_circle() {
    let mut folders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, targets) in library().graph() {
        let others =
            targets.into_iter().map(|target| target[0].clone()).filter(|folder| *folder != module[0]);
        folders.entry(module[0].clone()).or_default().extend(others);
    }
    let circle = circle(&folders);
    assert!(circle.is_none(), "a circle of folders: {}", circle.unwrap_or_default().join(" → "));
}

#[test]
fn imports_of_grouped_paths_are_written_out() {
    let paths = written_out("crate::a::{self, b, c::{D, e::F}};");
    let shown: Vec<String> = paths.iter().map(|path| path.join("::")).collect();
    assert_eq!(shown, ["crate::a", "crate::a::b", "crate::a::c::D", "crate::a::c::e::F"]);
    assert_eq!(
        circle(&BTreeMap::from([(1, [2].into()), (2, [3].into()), (3, [1].into())])),
        Some(vec![1, 2, 3, 1])
    );
}

#[test]
fn folders_without_tensors_do_not_name_tch() {
    for (module, code) in &library().code {
        let first = module.first().map_or("", String::as_str);
        if ["config", "plan", "settings", "data", "report", "results"].contains(&first) {
            // The name may be a path (`tch::…`, but not `fetch::…`) or an import of the whole crate.
            let mut paths = code.split(|c: char| !c.is_alphanumeric() && !"_:".contains(c));
            let name = module.join("::");
            assert!(!paths.any(|path| path.starts_with("tch::")), "module `{name}` names tch");
            assert!(!code.contains("use tch"), "module `{name}` imports tch");
        }
    }
}

#[test]
fn devices_are_named_in_one_file() {
    for (module, code) in &library().code {
        for word in ["Device::Cpu", "Device::Cuda"] {
            assert!(module == &["device"] || !code.contains(word), "`{}` names {word}", module.join("::"));
        }
    }
}
