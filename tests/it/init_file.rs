//! `init = { file = "…" }`: gradients and Jacobians of the parameters in a file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use lstm_lab::cell::init::StackSize;
use lstm_lab::cell::{CellName, Parameters};
use lstm_lab::device::cpu;
use lstm_lab::safetensors_io::{Tensors, write};
use tch::{Kind, Tensor};
use tempfile::TempDir;

use crate::support::{lab, with_config};

/// The sizes of the layers of a cell, of which the projected LSTM alone has a projection.
fn size(cell: CellName) -> StackSize {
    let proj_size = if cell == CellName::LstmProjected { 3 } else { 0 };
    StackSize { input_size: 3, hidden_size: 4, layers: 2, proj_size }
}

/// A config of both kinds with the given `init`.
fn config(cell: CellName, init: &str) -> String {
    format!(
        "kind = [\"gradients\", \"jacobian\"]\nseeds = [3]\n[grid]\ncell = \"{cell}\"\ninit = {init}\n\
         input_size = 3\nhidden_size = 4\nlayers = 2\nseq_len = 9\nproj_size = {}\n[gradients.grid]\n\
         batch_size = 2\n[gradients]\ngates = true\nweights = true\n",
        size(cell).proj_size
    )
}

/// The parameters that the seed 3 draws, under a prefix, beside a tensor of another part of a model.
fn drawn(cell: CellName) -> Tensors {
    let p = Parameters::new(cell, "pytorch".parse().unwrap(), size(cell), 3, Kind::Double, cpu());
    let named = p.named().into_iter().map(|(name, tensor)| (format!("model.{name}"), tensor.copy()));
    named.chain([("readout".to_string(), Tensor::ones([2], (Kind::Float, cpu())))]).collect()
}

/// A directory with the config `small.toml` and the file `given.safetensors`.
fn place(config: &str, given: &Tensors) -> TempDir {
    let dir = with_config("small.toml", config);
    write(&dir.path().join("given.safetensors"), given).unwrap();
    dir
}

/// The rows of a table of results, without the columns that name the run and its init.
fn rows(dir: &Path, table: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(dir.join("results/small").join(table)).unwrap();
    let is_result = |name: &str| name != "run_id" && name != "init";
    let kept: Vec<bool> = reader.headers().unwrap().iter().map(is_result).collect();
    let row = |record: csv::StringRecord| {
        let words = record.iter().zip(&kept).filter(|(_, kept)| **kept);
        words.map(|(word, _)| word.to_string()).collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn run(dir: &Path) {
    let ran = lab(dir, &["run", "small.toml", "--quiet"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

/// The message with which `check` refuses the config.
fn refusal(dir: &Path) -> String {
    let checked = lab(dir, &["check", "small.toml"]);
    assert_eq!(checked.code, 2, "{}", checked.stdout);
    checked.stderr
}

#[test]
fn init_file_with_the_weights_of_a_seed_gives_the_rows_of_that_seed() {
    for cell in [CellName::Lstm, CellName::LstmProjected, CellName::Gru, CellName::IndRnn, CellName::MinGru] {
        let by_seed = place(&config(cell, "\"pytorch\""), &drawn(cell));
        let by_file = place(&config(cell, "{ file = \"given.safetensors\" }"), &drawn(cell));
        run(by_seed.path());
        run(by_file.path());
        for table in ["gradients.csv", "jacobian.csv", "gates.csv", "weights.csv"] {
            let (expected, found) = (rows(by_seed.path(), table), rows(by_file.path(), table));
            assert!(expected.len() > 10, "{cell} {table}: {} rows", expected.len());
            assert_eq!(found, expected, "{cell} {table}");
        }
        let table = fs::read_to_string(by_file.path().join("results/small/gradients.csv")).unwrap();
        assert!(table.contains(",file(given),"), "{cell}");
        // The saved config names the file by its absolute path.
        let saved = lab(by_file.path(), &["check", "results/small/config.toml", "--all"]);
        let ids = lab(by_file.path(), &["check", "small.toml", "--all"]);
        assert_eq!((saved.code, saved.stdout), (0, ids.stdout), "{cell}: {}", saved.stderr);
    }
}

#[test]
fn init_file_id_depends_on_the_content_and_not_on_the_path() {
    let dir = place(&config(CellName::Lstm, "{ file = \"given.safetensors\" }"), &drawn(CellName::Lstm));
    let ids = || lab(dir.path(), &["check", "small.toml", "--all"]).stdout;
    let before = ids();
    fs::create_dir(dir.path().join("other")).unwrap();
    fs::rename(dir.path().join("given.safetensors"), dir.path().join("other/given.safetensors")).unwrap();
    let moved = config(CellName::Lstm, "{ file = \"other/given.safetensors\" }");
    fs::write(dir.path().join("small.toml"), moved).unwrap();
    assert_eq!(ids(), before);
    let mut other = drawn(CellName::Lstm);
    let _ = other.get_mut("model.bias_ih_l0").unwrap().fill_(0.25);
    write(&dir.path().join("other/given.safetensors"), &other).unwrap();
    assert_ne!(ids(), before);
}

#[test]
fn init_file_gates_in_another_order_are_brought_into_pytorchs() {
    let mut given = drawn(CellName::Lstm);
    for (name, tensor) in given.iter_mut().filter(|(name, _)| name.starts_with("model.")) {
        let blocks = tensor.chunk(4, 0);
        *tensor = Tensor::cat(&[0, 3, 1, 2].map(|gate: usize| &blocks[gate]), 0);
        assert!(name.contains("_l"));
    }
    let init = "{ file = \"given.safetensors\", name = \"onnx\", prefix = \"model\", gates = \"iofg\" }";
    let by_file = place(&config(CellName::Lstm, init), &given);
    let by_seed = place(&config(CellName::Lstm, "\"pytorch\""), &given);
    run(by_file.path());
    run(by_seed.path());
    assert_eq!(rows(by_file.path(), "gradients.csv"), rows(by_seed.path(), "gradients.csv"));
}

/// A checkpoint has an optimizer, a readout and an embedding too. Seeds differ in the data only.
#[test]
fn init_file_takes_the_layers_of_a_checkpoint() {
    let training = "kind = \"training\"\n[task]\nname = \"copy_memory\"\nencoding = \"embedding\"\n[grid]\n\
                    cell = \"gru\"\ninput_size = 3\nhidden_size = 4\nlayers = 2\nseq_len = 5\n[training]\n\
                    steps = 2\neval_sequences = 4\n";
    let dir = place(training, &Tensors::new());
    run(dir.path());
    let checkpoints = fs::read_dir(dir.path().join("results/small/checkpoints")).unwrap();
    let best = checkpoints.map(|entry| entry.unwrap().path().join("best.safetensors")).next().unwrap();
    let init = format!("[\"pytorch\", {{ file = \"{}\" }}]", best.display());
    let text = config(CellName::Gru, &init).replace("[3]", "[1, 2]");
    fs::write(dir.path().join("small.toml"), format!("name = \"measured\"\n{text}")).unwrap();
    run(dir.path());
    let gates = fs::read_to_string(dir.path().join("results/measured/gates.csv")).unwrap();
    let mut radii: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for record in csv::Reader::from_reader(gates.as_bytes()).deserialize() {
        let row: BTreeMap<String, String> = record.unwrap();
        if row["statistic"] == "w_h_spectral_radius" {
            let key = (row["kind"].clone() + &row["init"], row["seed"].clone());
            radii.entry(key).or_default().push(row["value"].clone());
        }
    }
    assert_eq!(radii.len(), 8);
    for kind in ["gradients", "jacobian"] {
        let of = |init: &str, seed: &str| &radii[&(format!("{kind}{init}"), seed.to_string())];
        assert_eq!(of("file(best)", "1"), of("file(best)", "2"), "one network at both seeds");
        assert_ne!(of("pytorch", "1"), of("pytorch", "2"));
    }
}

#[test]
fn init_file_with_other_parameters_is_refused_with_file_tensor_and_shape() {
    let change = |name: &str, change: &dyn Fn(&Tensor) -> Option<Tensor>| {
        let mut given = drawn(CellName::Lstm);
        let tensor = given.remove(name).unwrap();
        given.extend(change(&tensor).map(|tensor| (name.to_string(), tensor)));
        given
    };
    let of_gru = drawn(CellName::Gru);
    let cases: [(Tensors, &str); 6] = [
        (change("model.weight_hh_l1", &|_| None), "expected a tensor `weight_hh_l1`, found none"),
        (
            change("model.weight_ih_l0", &|w| Some(w.narrow(1, 0, 2))),
            "expected input_size = 3, as in the config, found 2 by `weight_ih_l0`",
        ),
        (
            change("model.bias_hh_l1", &|b| Some(b.narrow(0, 0, 15))),
            "expected `bias_hh_l1` of shape [16], found [15]",
        ),
        (
            change("model.weight_ih_l1", &|w| Some(w * f64::NAN)),
            "expected finite numbers in `weight_ih_l1`, found NaN at [0, 0]",
        ),
        (of_gru, "found [12, 4]; that looks like the cell `gru`"),
        (Tensors::from([("w".to_string(), Tensor::ones([1], (Kind::Float, cpu())))]), "`weight_ih_l0`"),
    ];
    for (given, problem) in cases {
        let dir = place(&config(CellName::Lstm, "{ file = \"given.safetensors\" }"), &given);
        let said = refusal(dir.path());
        assert!(said.contains("small.toml:5: `grid.init`: ") && said.contains(problem), "{said}");
        assert!(said.contains("/given.safetensors: "), "{said}");
    }
    let text = config(CellName::Lstm, "{ file = \"given.safetensors\" }");
    for (key, problem) in [
        ("hidden_size = 4", "expected hidden_size = 8, as in the config, found 4 by `weight_hh_l0`"),
        ("layers = 2", "expected layers = 8, as in the config, found 2 by the names"),
    ] {
        let (name, _) = key.split_once(" = ").unwrap();
        let dir = place(&text.replace(key, &format!("{name} = 8")), &drawn(CellName::Lstm));
        let said = refusal(dir.path());
        assert!(said.contains(problem), "{said}");
    }
}

#[test]
fn init_file_with_another_projection_is_refused() {
    let of = CellName::LstmProjected;
    let text = config(of, "{ file = \"given.safetensors\" }");
    let mut square = drawn(CellName::Lstm);
    square.extend(drawn(of).into_iter().filter(|(name, _)| name.contains("weight_hr")));
    for (text, given, problem) in [
        (
            text.replace("proj_size = 3", "proj_size = 2"),
            drawn(of),
            "expected proj_size = 2, as in the config, found 3",
        ),
        (text.clone(), drawn(CellName::Lstm), "expected `weight_hh_l0` of shape [4·H, P] with P below H"),
        (text.clone(), square, "found [16, 4]; that looks like the cell `lstm`"),
        (
            config(CellName::Lstm, "{ file = \"given.safetensors\" }"),
            drawn(of),
            "is a projection (proj_size = 3); expected the cell `lstm_projected`, found the cell `lstm`",
        ),
    ] {
        let said = refusal(place(&text, &given).path());
        assert!(said.contains("`grid.init`: ") && said.contains(problem), "{said}");
    }
}
