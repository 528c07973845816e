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

use crate::directions::{given as given_of, golden};
use crate::support::{Case, assert_same, lab, with_config};

/// The cells that the libraries have.
const CELLS: [CellName; 5] =
    [CellName::Rnn, CellName::ReluRnn, CellName::Lstm, CellName::Gru, CellName::GruResetBefore];

/// The libraries.
pub const OTHERS: [WeightsLayout; 2] = [WeightsLayout::Keras, WeightsLayout::Onnx];

/// A network of two layers in PyTorch's layout with its sequences. Where Keras has one bias, the second
/// bias is 0.
pub fn in_pytorch(cell: CellName, layout: WeightsLayout) -> Tensors {
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

/// The network of PyTorch with two layers of both directions, for a cell with the same parameters.
pub fn both_in_pytorch(cell: CellName, layout: WeightsLayout) -> Tensors {
    let of_pytorch = match cell {
        CellName::ReluRnn => CellName::Rnn,
        CellName::GruResetBefore => CellName::Gru,
        same => same,
    };
    let mut tensors = given_of(&golden(of_pytorch, "both"));
    if layout == WeightsLayout::Keras && cell != CellName::Gru {
        tensors
            .iter_mut()
            .filter(|(name, _)| name.starts_with("bias_hh"))
            .for_each(|(_, bias)| drop(bias.zero_()));
    }
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
pub fn in_library(tensors: &Tensors, cell: CellName, layout: WeightsLayout, prefix: &str) -> Tensors {
    let mut found = Tensors::new();
    for (name, tensor) in tensors.iter().filter(|(name, _)| !name.contains("_l")) {
        let is_sequence = ["input", "output", "grad_output", "grad.input"].contains(&name.as_str());
        let turned = is_sequence && layout == WeightsLayout::Keras;
        let tensor = if turned { tensor.transpose(0, 1).contiguous() } else { tensor.copy() };
        found.insert(name.clone(), tensor);
    }
    let is_both = tensors.contains_key(&format!("{prefix}weight_ih_l0_reverse"));
    let ends = if is_both { &["", "_reverse"][..] } else { &[""] };
    for layer in 0..2 {
        let parts: Vec<[(&str, Tensor); 3]> = ends
            .iter()
            .map(|end| {
                let of =
                    |kind: &str| reordered(&tensors[&format!("{prefix}{kind}_l{layer}{end}")], cell, layout);
                of_library(["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map(of), cell, layout)
            })
            .collect();
        for n in 0..3 {
            let of_directions: Vec<&Tensor> = parts.iter().map(|part| &part[n].1).collect();
            let name = format!("{prefix}{}_{layer}", parts[0][n].0);
            if layout == WeightsLayout::Onnx {
                found.insert(name, Tensor::stack(&of_directions, 0));
                continue;
            }
            let named = ends.iter().zip(of_directions);
            found.extend(named.map(|(end, tensor)| (format!("{name}{end}"), tensor.copy())));
        }
    }
    found
}

/// The tensors of one direction of a layer in the shapes of a library, without an axis of directions.
fn of_library(
    [w_ih, w_hh, b_ih, b_hh]: [Tensor; 4],
    cell: CellName,
    layout: WeightsLayout,
) -> [(&'static str, Tensor); 3] {
    match (layout, cell) {
        (WeightsLayout::Onnx, _) => [("W", w_ih), ("R", w_hh), ("B", Tensor::cat(&[b_ih, b_hh], 0))],
        (_, CellName::Gru) => {
            let biases = Tensor::stack(&[b_ih, b_hh], 0);
            [("kernel", w_ih.tr()), ("recurrent_kernel", w_hh.tr()), ("bias", biases)]
        }
        _ => [("kernel", w_ih.tr()), ("recurrent_kernel", w_hh.tr()), ("bias", b_ih)],
    }
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

fn assert_equal(found: &Tensors, expected: &Tensors, tolerance: f64, about: &str) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{about}");
    for (name, expected) in expected {
        assert_same(&found[name], expected, tolerance, &format!("{about} {name}"));
    }
}

#[test]
fn layout_of_a_library_gives_the_results_of_pytorchs_in_that_of_the_file() {
    for (layout, cell) in OTHERS.iter().flat_map(|layout| CELLS.map(|cell| (*layout, cell))) {
        for given in [in_pytorch(cell, layout), both_in_pytorch(cell, layout)] {
            let is_both = given.contains_key("weight_ih_l0_reverse");
            let about = format!("{layout} {cell} both directions: {is_both}");
            let (expected, norms, _) = traced(&given, &["--cell", cell.as_str()]);
            let of_library = in_library(&given, cell, layout, "");
            let arguments = ["--cell", cell.as_str(), "--layout", layout.as_str()];
            let (found, norms_found, said) = traced(&of_library, &arguments);
            assert_equal(&found, &in_library(&expected, cell, layout, "grad."), 1e-12, &about);
            assert!(norms.lines().count() > 30 && norms_found == norms, "{about}: {norms_found}");
            assert_eq!(said.contains("\ndirections: forward and reverse\n"), is_both, "{said}");
        }
    }
}

#[test]
fn layout_keras_takes_a_bidirectional_layer_by_its_paths() {
    let mut given = both_in_pytorch(CellName::Lstm, WeightsLayout::Keras);
    given.retain(|name, _| !name.contains("_l1") && !["h0", "c0"].contains(&name.as_str()));
    let (expected, norms, _) = traced(&given, &["--cell", "lstm"]);
    let mut file = Tensors::new();
    for (direction, end) in [("forward", ""), ("backward", "_reverse")] {
        let of = |kind: &str| given[&format!("{kind}_l0{end}")].copy();
        let path = format!("m/two/{direction}_lstm/lstm_cell");
        file.insert(format!("{path}/kernel"), of("weight_ih").tr().contiguous());
        file.insert(format!("{path}/recurrent_kernel"), of("weight_hh").tr().contiguous());
        file.insert(format!("{path}/bias"), of("bias_ih"));
    }
    for name in ["input", "grad_output"] {
        file.insert(name.into(), given[name].transpose(0, 1).contiguous());
    }
    let (found, norms_found, said) = traced(&file, &["--cell", "lstm", "--layout", "keras"]);
    assert!(said.contains("\nprefix: m/two/\ndirections: forward and reverse\n"), "{said}");
    assert_eq!(norms_found, norms);
    for (name, own) in
        [("grad.kernel", "grad.weight_ih_l0"), ("grad.kernel_reverse", "grad.weight_ih_l0_reverse")]
    {
        assert_same(&found[name], &expected[own].tr(), 1e-12, name);
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
    fn saved(layout: WeightsLayout, cell: CellName, directions: &str) -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("lines.py"), lines(layout)).unwrap();
        let mut python = Command::new(root().join(".frameworks/bin/python"));
        python.arg("-Es").arg(root().join("tests/it/layouts.py"));
        let arguments = [layout.as_str(), cell.as_str(), directions, "lines.py"];
        python.args(arguments).current_dir(dir.path());
        let output = python.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        dir
    }

    #[test]
    #[ignore = "needs the frameworks; scripts/frameworks/run installs them"]
    fn saved_models_of_keras_and_onnx_give_the_libraries_own_results() {
        let networks = OTHERS.iter().flat_map(|layout| CELLS.map(|cell| (*layout, cell)));
        let of_network =
            |(layout, cell)| ["forward", "both", "paths"].map(|directions| (layout, cell, directions));
        let is_known = |(layout, _, directions): &(_, _, &str)| {
            *directions != "paths" || *layout == WeightsLayout::Keras
        };
        for (layout, cell, directions) in networks.flat_map(of_network).filter(is_known) {
            let dir = saved(layout, cell, directions);
            let arguments = ["trace", "model.safetensors", "--input", "given.safetensors"];
            let options = ["--cell", cell.as_str(), "--layout", layout.as_str()];
            let said = lab(dir.path(), &[&arguments[..], &options].concat());
            assert_eq!(said.code, 0, "{layout} {cell} {directions}: {}", said.stderr);
            let found = read(&dir.path().join("trace/trace.safetensors")).unwrap();
            let expected = read(&dir.path().join("expected.safetensors")).unwrap();
            for (name, expected) in &expected {
                let about = format!("{layout} {cell} {directions} {name}");
                assert_same(&found[name], expected, 1e-5, &about);
            }
        }
    }
}
