//! Files in the layouts of Keras and ONNX that `trace` and `init = { file = … }` refuse.

use lstm_lab::cell::CellName;
use lstm_lab::safetensors_io::{Tensors, write};
use lstm_lab::settings::names::WeightsLayout;
use tch::{Kind, Tensor};

use crate::layouts::{OTHERS, both_in_pytorch, in_library, in_pytorch};
use crate::support::{lab, with_config};

/// The message with which a trace refuses the given tensors.
fn refusal(tensors: &Tensors, arguments: &[&str]) -> String {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("x.safetensors"), tensors).unwrap();
    let said = lab(dir.path(), &[&["trace", "x.safetensors"], arguments].concat());
    assert_eq!((said.code, said.stderr.lines().count()), (2, 1), "{}", said.stderr);
    said.stderr
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
            "`R_1` of shape [1, 28, 7] (one direction), as `R_0`, found [1, 20, 5]",
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

#[test]
fn layout_wrong_reverse_directions_are_refused_with_tensor_expected_and_found() {
    let zeros = |shape: &[i64]| Some(Tensor::zeros(shape, (Kind::Double, lstm_lab::device::cpu())));
    for (layout, name, tensor, needle) in [
        ("keras", "kernel_1", zeros(&[4, 16]), "expected `kernel_1` of shape [8, 16], found [4, 16]"),
        (
            "keras",
            "recurrent_kernel_1_reverse",
            None,
            "expected a tensor `recurrent_kernel_1_reverse`, found none",
        ),
        (
            "keras",
            "recurrent_kernel_0_reverse",
            zeros(&[5, 20]),
            "`recurrent_kernel_0_reverse` of shape [4, 16], as `recurrent_kernel_0`, found [5, 20]",
        ),
        ("keras", "kernel_0_reverse", zeros(&[2, 16]), "`kernel_0_reverse` of shape [3, 16], found [2, 16]"),
        ("onnx", "W_0", zeros(&[1, 16, 3]), "`W_0` of shape [2, 16, I] (both directions), found [1, 16, 3]"),
        ("onnx", "R_1", zeros(&[1, 16, 4]), "`R_1` of shape [2, 4·H, H] (both directions), found [1, 16, 4]"),
        ("onnx", "B_1", zeros(&[1, 32]), "expected `B_1` of shape [2, 32], found [1, 32]"),
        (
            "onnx",
            "R_2_reverse",
            zeros(&[1, 16, 4]),
            "read forward or in both directions, found `R_2_reverse` of a reverse direction alone",
        ),
    ] {
        let of: WeightsLayout = layout.parse().unwrap();
        let mut given = in_library(&both_in_pytorch(CellName::Lstm, of), CellName::Lstm, of, "");
        match tensor {
            Some(tensor) => drop(given.insert(name.into(), tensor)),
            None => drop(given.remove(name)),
        }
        let said = refusal(&given, &["--cell", "lstm", "--layout", layout]);
        assert!(said.contains(needle), "expected `{needle}` in: {said}");
    }
}

#[test]
fn layout_init_file_with_both_directions_is_refused() {
    for (layout, found) in [("keras", "bias_0_reverse"), ("onnx", "R_0")] {
        let of: WeightsLayout = layout.parse().unwrap();
        let mut given = in_library(&both_in_pytorch(CellName::Lstm, of), CellName::Lstm, of, "");
        given.retain(|name, _| name.contains("_0") || name.contains("_1"));
        let config = format!(
            "kind = \"gradients\"\n[grid]\ncell = \"lstm\"\ninit = {{ file = \"x.safetensors\", layout = \
             \"{layout}\" }}\ninput_size = 3\nhidden_size = 4\nlayers = 2\nseq_len = 9\n"
        );
        let dir = with_config("small.toml", &config);
        write(&dir.path().join("x.safetensors"), &given).unwrap();
        let checked = lab(dir.path(), &["check", "small.toml"]);
        let problem = format!("expected layers of the forward direction alone, found `{found}` of a reverse");
        let end = format!("x.safetensors --cell lstm --layout {layout}` measures both directions\n");
        let said = checked.stderr;
        assert!(checked.code == 2 && said.contains(&problem) && said.ends_with(&end), "{said}");
    }
}
