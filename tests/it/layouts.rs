//! `--layout keras` and `--layout onnx`: the results are those of the same network in PyTorch's layout, and
//! those of the libraries themselves where they are installed.

use std::fs;
use std::path::Path;
use std::process::Command;

use lstm_lab::cell::CellName;
use lstm_lab::safetensors_io::{Tensors, read, write};
use lstm_lab::settings::names::WeightsLayout;
use tch::{Kind, Tensor};
use tempfile::TempDir;

use crate::support::{Case, assert_same, lab, with_config};

/// The cells that the libraries have.
const CELLS: [CellName; 5] =
    [CellName::Rnn, CellName::ReluRnn, CellName::Lstm, CellName::Gru, CellName::GruResetBefore];

/// The libraries.
const OTHERS: [WeightsLayout; 2] = [WeightsLayout::Keras, WeightsLayout::Onnx];

/// A network of two layers in PyTorch's layout with its sequences. Where Keras has one bias, the second
/// bias is 0.
fn in_pytorch(cell: CellName, layout: WeightsLayout) -> Tensors {
    let case = Case::new(cell, 2, 6, Kind::Double);
    let mut tensors: Tensors =
        case.parameters().named().into_iter().map(|(name, tensor)| (name, tensor.copy())).collect();
    if layout == WeightsLayout::Keras && cell != CellName::Gru {
        ["bias_hh_l0", "bias_hh_l1"].iter().for_each(|name| drop(tensors.get_mut(*name).unwrap().zero_()));
    }
    tensors.insert("input".into(), case.input());
    tensors.insert("grad_output".into(), case.cotangent());
    tensors
}

/// The blocks of gates in the order of a library.
fn reordered(tensor: &Tensor, cell: CellName, layout: WeightsLayout) -> Tensor {
    let order: &[usize] = match (cell, layout) {
        (CellName::Lstm, WeightsLayout::Onnx) => &[0, 3, 1, 2],
        (CellName::Lstm, _) => &[0, 1, 2, 3],
        (CellName::Gru | CellName::GruResetBefore, _) => &[1, 0, 2],
        _ => &[0],
    };
    let blocks = tensor.chunk(order.len() as i64, 0);
    Tensor::cat(&order.iter().map(|gate| &blocks[*gate]).collect::<Vec<_>>(), 0)
}

/// The tensors of PyTorch's layout, or their gradients (`prefix` is `grad.`), in the layout of a library.
fn in_library(tensors: &Tensors, cell: CellName, layout: WeightsLayout, prefix: &str) -> Tensors {
    let mut found = Tensors::new();
    for (name, tensor) in tensors.iter().filter(|(name, _)| !name.contains("_l")) {
        let is_sequence = ["input", "output", "grad_output", "grad.input"].contains(&name.as_str());
        let turned = is_sequence && layout == WeightsLayout::Keras;
        let tensor = if turned { tensor.transpose(0, 1).contiguous() } else { tensor.copy() };
        found.insert(name.clone(), tensor);
    }
    for layer in 0..2 {
        let of = |kind: &str| reordered(&tensors[&format!("{prefix}{kind}_l{layer}")], cell, layout);
        let [w_ih, w_hh, b_ih, b_hh] = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map(of);
        let named = match (layout, cell) {
            (WeightsLayout::Onnx, _) => {
                let biases = Tensor::cat(&[b_ih, b_hh], 0);
                [("W", w_ih.unsqueeze(0)), ("R", w_hh.unsqueeze(0)), ("B", biases.unsqueeze(0))]
            }
            (_, CellName::Gru) => {
                let biases = Tensor::stack(&[b_ih, b_hh], 0);
                [("kernel", w_ih.tr()), ("recurrent_kernel", w_hh.tr()), ("bias", biases)]
            }
            _ => [("kernel", w_ih.tr()), ("recurrent_kernel", w_hh.tr()), ("bias", b_ih)],
        };
        let numbered = |(kind, tensor)| (format!("{prefix}{kind}_{layer}"), tensor);
        found.extend(named.map(numbered));
    }
    found
}

/// The results, gradients.csv and standard output of a trace of the given tensors.
fn traced(tensors: &Tensors, arguments: &[&str]) -> (Tensors, String, String) {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("x.safetensors"), tensors).unwrap();
    let said = lab(dir.path(), &[&["trace", "x.safetensors"], arguments].concat());
    assert_eq!(said.code, 0, "{}", said.stderr);
    let norms = fs::read_to_string(dir.path().join("trace/gradients.csv")).unwrap();
    (read(&dir.path().join("trace/trace.safetensors")).unwrap(), norms, said.stdout)
}

/// The message with which a trace refuses the given tensors.
fn refusal(tensors: &Tensors, arguments: &[&str]) -> String {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("x.safetensors"), tensors).unwrap();
    let said = lab(dir.path(), &[&["trace", "x.safetensors"], arguments].concat());
    assert_eq!((said.code, said.stderr.lines().count()), (2, 1), "{}", said.stderr);
    said.stderr
}

fn assert_equal(found: &Tensors, expected: &Tensors, tolerance: f64, about: &str) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{about}");
    for (name, expected) in expected {
        assert_same(&found[name], expected, tolerance, &format!("{about} {name}"));
    }
}

#[test]
fn layout_of_a_library_gives_the_results_of_pytorchs_in_that_of_the_file() {
    for (layout, cell) in OTHERS.iter().flat_map(|layout| CELLS.map(|cell| (*layout, cell))) {
        let about = format!("{layout} {cell}");
        let given = in_pytorch(cell, layout);
        let (expected, norms, _) = traced(&given, &["--cell", cell.as_str()]);
        let of_library = in_library(&given, cell, layout, "");
        let arguments = ["--cell", cell.as_str(), "--layout", layout.as_str()];
        let (found, norms_found, _) = traced(&of_library, &arguments);
        assert_equal(&found, &in_library(&expected, cell, layout, "grad."), 1e-12, &about);
        assert!(norms.lines().count() > 30 && norms_found == norms, "{about}: {norms_found}");
    }
}

#[test]
fn layout_of_a_library_is_named_with_its_axes_and_its_order_of_gates() {
    for (layout, lines) in [
        (WeightsLayout::Keras, "layout: Keras's\ninput: [B, T, I]\ngates: zrn, Keras's\n"),
        (
            WeightsLayout::Onnx,
            "layout: ONNX's\ninput: [T, B, I] (--batch-first: [B, T, I])\ngates: zrn, ONNX's\n",
        ),
    ] {
        let given = in_library(&in_pytorch(CellName::Gru, layout), CellName::Gru, layout, "");
        let (_, _, said) = traced(&given, &["--cell", "gru", "--layout", layout.as_str()]);
        assert!(said.starts_with(&format!("gru: T=6 B=3 I=5 H=7 layers=2\n{lines}")), "{said}");
    }
}

#[test]
fn layout_keras_takes_one_layer_by_its_path_and_zeros_for_absent_biases() {
    let layout = WeightsLayout::Keras;
    let mut given = in_pytorch(CellName::Lstm, layout);
    for name in ["weight_ih_l1", "weight_hh_l1", "bias_ih_l1", "bias_hh_l1"] {
        given.remove(name);
    }
    let _ = given.get_mut("bias_ih_l0").unwrap().zero_();
    let (expected, _, _) = traced(&given, &["--cell", "lstm"]);
    // The kernel of a layer that is not recurrent is not read.
    let mut file = Tensors::from([("model/dense/kernel".to_string(), given["weight_ih_l0"].copy())]);
    for (own, name) in [("weight_ih_l0", "kernel"), ("weight_hh_l0", "recurrent_kernel")] {
        file.insert(format!("model/lstm/lstm_cell/{name}"), given[own].tr());
    }
    for name in ["input", "grad_output"] {
        file.insert(name.into(), given[name].transpose(0, 1));
    }
    let (found, _, said) = traced(&file, &["--cell", "lstm", "--layout", "keras"]);
    assert_same(&found["grad.kernel"], &expected["grad.weight_ih_l0"].tr(), 1e-12, "kernel");
    assert_same(&found["grad.bias"], &expected["grad.bias_ih_l0"], 1e-12, "bias");
    let expected =
        "\nprefix: model/lstm/lstm_cell/\nzeros, because absent: bias\nnot read: model/dense/kernel\n";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn layout_wrong_shapes_are_refused_with_tensor_expected_and_found() {
    let zeros = |shape: &[i64]| Some(Tensor::zeros(shape, (Kind::Double, lstm_lab::device::cpu())));
    for (layout, cell, name, tensor, needle) in [
        ("keras", "lstm", "kernel_1", zeros(&[28, 7]), "`kernel_1` of shape [7, 28], found [28, 7]"),
        ("keras", "lstm", "kernel_0", zeros(&[28]), "`kernel_0` of shape [I, 28], found [28]"),
        ("keras", "lstm", "kernel_1", None, "expected a tensor `kernel_1`, found none (the file has: bias_0"),
        (
            "keras",
            "lstm",
            "recurrent_kernel_0",
            zeros(&[7, 21]),
            "`recurrent_kernel_0` of shape [H, 4·H] for the cell `lstm`, found [7, 21]; that looks like the \
             cell `gru`",
        ),
        (
            "onnx",
            "lstm",
            "R_1",
            zeros(&[1, 20, 5]),
            "`R_1` of shape [1, 28, 7] (one direction), as below, found [1, 20, 5]",
        ),
        ("keras", "lstm", "bias_0", zeros(&[2, 28]), "`bias_0` of shape [28], found [2, 28]"),
        (
            "keras",
            "gru",
            "bias_1",
            zeros(&[21]),
            "`bias_1` of shape [2, 21] for the cell `gru`, not of the cell `gru_reset_before`, found [21]",
        ),
        ("keras", "lstm", "kernel_3", zeros(&[7, 28]), "expected a tensor `recurrent_kernel_2`, found none"),
        ("keras", "lstm", "input", zeros(&[3, 6, 4]), "[B, T, 5], as `kernel_0` is of 5 features, found"),
        ("onnx", "lstm", "R_1", zeros(&[2, 28, 7]), "`R_1` of shape [1, 4·H, H] (one direction), found [2,"),
        ("onnx", "lstm", "W_0", zeros(&[28, 5]), "`W_0` of shape [1, 28, I] (one direction), found [28, 5]"),
        ("onnx", "gru", "B_0", zeros(&[1, 21]), "`B_0` of shape [1, 42], found [1, 21]"),
        ("onnx", "lstm", "P_0", zeros(&[1, 21]), "`P_0` means nothing for the cell `lstm`"),
    ] {
        let (of, name_of_cell): (WeightsLayout, CellName) = (layout.parse().unwrap(), cell.parse().unwrap());
        let mut given = in_library(&in_pytorch(name_of_cell, of), name_of_cell, of, "");
        match tensor {
            Some(tensor) => drop(given.insert(name.into(), tensor)),
            None => drop(given.remove(name)),
        }
        let said = refusal(&given, &["--cell", cell, "--layout", layout]);
        assert!(said.contains(needle), "expected `{needle}` in: {said}");
    }
    let given = in_library(&in_pytorch(CellName::Lstm, OTHERS[0]), CellName::Lstm, OTHERS[0], "");
    for (arguments, needle) in [
        (&["--layout", "keras", "--gates", "iofg"][..], "--gates: expected no order of gates beside"),
        (&["--layout", "onnx"], "expected a tensor `R_0`, found none"),
        (&[], "found none (the file has: bias_0, bias_1, grad_output, input, kernel_0"),
        (&[], "that looks like the layout `keras`"),
    ] {
        let said = refusal(&given, &[&["--cell", "lstm"], arguments].concat());
        assert!(said.contains(needle), "expected `{needle}` in: {said}");
    }
    let said = refusal(&given, &["--cell", "lstm_peephole", "--layout", "keras"]);
    assert!(said.contains("--layout: expected a cell of the layout `keras`"), "{said}");
}

/// `init = { file = …, layout = … }` in place of PyTorch's layout gives the same gradients.
#[test]
fn layout_of_an_init_file_gives_the_norms_of_pytorchs() {
    let norms = |layout: &str, given: &Tensors| {
        let config = format!(
            "kind = \"gradients\"\n[grid]\ncell = \"gru\"\ninit = {{ file = \"given.safetensors\", layout = \
             \"{layout}\" }}\ndtype = \"f64\"\ninput_size = 5\nhidden_size = 7\nlayers = 2\nseq_len = 9\n"
        );
        let dir = with_config("small.toml", &config);
        write(&dir.path().join("given.safetensors"), given).unwrap();
        let ran = lab(dir.path(), &["run", "small.toml", "--quiet"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let mut table = csv::Reader::from_path(dir.path().join("results/small/gradients.csv")).unwrap();
        let place = table.headers().unwrap().iter().position(|name| name == "log10_norm").unwrap();
        table.records().map(|row| row.unwrap()[place].to_string()).collect::<Vec<_>>()
    };
    for layout in OTHERS {
        let given = in_pytorch(CellName::Gru, layout);
        let expected = norms("pytorch", &given);
        let of_library = in_library(&given, CellName::Gru, layout, "");
        assert!(expected.len() > 20 && norms(layout.as_str(), &of_library) == expected, "{layout}");
    }
}

/// Keras and ONNX Runtime, in the environment of scripts/frameworks/run.
mod needs_frameworks {
    use super::*;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }

    /// The lines of docs/README.md that save a model of a library.
    fn lines(layout: WeightsLayout) -> String {
        let page = fs::read_to_string(root().join("docs/README.md")).unwrap();
        let blocks: Vec<&str> =
            page.split("\n```").filter_map(|block| block.strip_prefix("python\n")).collect();
        let place = OTHERS.iter().position(|other| *other == layout).unwrap();
        assert_eq!(blocks.len(), OTHERS.len());
        blocks[place].to_string()
    }

    /// A directory with model.safetensors, given.safetensors and expected.safetensors.
    fn saved(layout: WeightsLayout, cell: CellName) -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("lines.py"), lines(layout)).unwrap();
        let mut python = Command::new(root().join(".frameworks/bin/python"));
        python.arg("-Es").arg(root().join("tests/it/layouts.py"));
        python.args([layout.as_str(), cell.as_str(), "lines.py"]).current_dir(dir.path());
        let output = python.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        dir
    }

    #[test]
    #[ignore = "needs the frameworks; scripts/frameworks/run installs them"]
    fn saved_models_of_keras_and_onnx_give_the_libraries_own_results() {
        for (layout, cell) in OTHERS.iter().flat_map(|layout| CELLS.map(|cell| (*layout, cell))) {
            let dir = saved(layout, cell);
            let arguments = ["trace", "model.safetensors", "--input", "given.safetensors"];
            let options = ["--cell", cell.as_str(), "--layout", layout.as_str()];
            let said = lab(dir.path(), &[&arguments[..], &options].concat());
            assert_eq!(said.code, 0, "{layout} {cell}: {}", said.stderr);
            let found = read(&dir.path().join("trace/trace.safetensors")).unwrap();
            let expected = read(&dir.path().join("expected.safetensors")).unwrap();
            for (name, expected) in &expected {
                assert_same(&found[name], expected, 1e-5, &format!("{layout} {cell} {name}"));
            }
        }
    }
}
