//! The names in a file of parameters: those that a trace reads, and those of other parts of a larger model.

use std::path::Path;

use tch::Tensor;

use super::libraries::kinds;
use super::named::REVERSE;
use super::prefixes::{Stack, chosen, the_only};
use crate::cell::{CarriedState, CellName, cell};
use crate::safetensors_io::{TensorFile, Tensors};
use crate::settings::names::WeightsLayout;
use crate::support::error::{Error, Result};

/// The lengths of the sequences, whole numbers `[B]`.
pub const LENGTHS: &str = "lengths";

/// The names of tensors that are no parameters. They have no prefix.
const SEQUENCES: [&str; 5] = ["input", "h0", "c0", "grad_output", LENGTHS];

/// The kinds of parameters of every layer in PyTorch.
const PARAMETERS: [&str; 4] = ["weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l"];

/// The largest number of edits between a name and a known name that it may be meant as.
const MAX_EDITS: usize = 2;

/// The names of a file.
#[derive(Debug, PartialEq)]
pub struct FileNames {
    /// The text before each parameter's own name, such as `encoder.rnn.`; empty for plain names.
    pub prefix: String,
    /// The text between the prefix and the own name in each direction, if it differs: the paths of the two
    /// layers in a `Bidirectional` of Keras.
    paths: Option<[String; 2]>,
    /// The names that a trace does not read.
    pub foreign: Vec<String>,
    /// The library whose names the parameters have.
    layout: WeightsLayout,
}

impl FileNames {
    /// Finds the parameters of a stack of layers among the names of the file `path`.
    ///
    /// # Errors
    /// No parameters; those of several stacks, if `prefix` does not choose one; a misspelt name. `option` is
    /// the user's name for `prefix`.
    pub fn find(
        names: &[String],
        layout: WeightsLayout,
        prefix: Option<&str>,
        option: &str,
        path: &Path,
    ) -> Result<FileNames> {
        let Stack { prefix, paths } = match prefix {
            Some(given) => chosen(names, layout, given, option, path)?,
            None => the_only(names, layout, option, path)?,
        };
        let mut found = FileNames { prefix, paths, foreign: Vec::new(), layout };
        found.foreign = names.iter().filter(|name| found.own(name).is_none()).cloned().collect();
        found.refuse_misspelt(names, path)?;
        Ok(found)
    }

    /// The name without the prefix; `None` for a tensor that a trace does not read.
    pub fn own(&self, name: &str) -> Option<String> {
        let is_state = || CarriedState::ALL.iter().any(|state| name == format!("{state}0"));
        if SEQUENCES.contains(&name) || is_state() {
            return Some(name.to_string());
        }
        self.own_parameter(name)
    }

    /// The tensors that a trace reads, under their own names.
    ///
    /// # Errors
    /// A tensor has a dtype other than f32 and f64, or than the others. Lengths are no whole numbers.
    pub fn tensors(&self, file: &TensorFile) -> Result<Tensors> {
        let mut tensors = read(file, |name| self.own(name).filter(|name| name != LENGTHS))?;
        tensors.extend(file.integers(LENGTHS)?.map(|lengths| (LENGTHS.to_string(), lengths)));
        Ok(tensors)
    }

    /// The sequences of another file than that of the parameters.
    ///
    /// # Errors
    /// As for [`FileNames::tensors`].
    pub fn sequences(&self, file: &TensorFile) -> Result<Tensors> {
        let is_weight =
            |name: &str| name.contains("weight_") || name.contains("bias_") || self.is_parameter(name);
        let mut tensors = file.tensors(|name| !is_weight(name) && name != LENGTHS)?;
        tensors.extend(file.integers(LENGTHS)?.map(|lengths| (LENGTHS.to_string(), lengths)));
        Ok(tensors)
    }

    /// The parameters alone, under their own names.
    ///
    /// # Errors
    /// As for [`FileNames::tensors`].
    pub fn parameters(&self, file: &TensorFile) -> Result<Tensors> {
        read(file, |name| self.own_parameter(name))
    }

    /// Returns true for the name of a parameter of any stack of layers.
    fn is_parameter(&self, name: &str) -> bool {
        let last = name.rfind(['.', '/']).map_or(0, |place| place + 1);
        is_parameter(&name[last..], self.layout)
    }

    fn own_parameter(&self, name: &str) -> Option<String> {
        let name = name.strip_prefix(&self.prefix)?;
        let own = match &self.paths {
            None => name.to_string(),
            Some([forward, reverse]) => match name.strip_prefix(reverse.as_str()) {
                Some(name) => format!("{name}{REVERSE}"),
                None => name.strip_prefix(forward.as_str())?.to_string(),
            },
        };
        is_parameter(&own, self.layout).then_some(own)
    }

    /// Refuses a foreign name that differs by few letters from one that a trace could read and does not find.
    fn refuse_misspelt(&self, names: &[String], path: &Path) -> Result<()> {
        let first: &[&str] = match self.layout {
            WeightsLayout::PyTorch => &["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"],
            WeightsLayout::Keras => &["kernel_0", "bias_0"],
            // Names of three letters resemble too many others.
            WeightsLayout::Onnx => &[],
        };
        let parameters = first.iter().map(|name| format!("{}{name}", self.prefix));
        let known = SEQUENCES.iter().map(|name| name.to_string()).chain(parameters);
        // A name of two letters resembles too many others.
        let absent: Vec<String> = known.filter(|name| name.len() > 2 && !names.contains(name)).collect();
        // A parameter of another stack is no misspelt one of this stack.
        for name in self.foreign.iter().filter(|name| !self.is_parameter(name)) {
            let edits = |known: &&String| strsim::damerau_levenshtein(name, known);
            let nearest = absent.iter().min_by_key(edits).filter(|known| edits(known) <= MAX_EDITS);
            if let Some(meant) = nearest {
                return Err(Error::data(
                    path,
                    format!("`{name}` means nothing here; did you mean `{meant}`?"),
                ));
            }
        }
        Ok(())
    }
}

/// Reads the tensors that have an own name, under that name.
fn read(file: &TensorFile, own: impl Fn(&str) -> Option<String>) -> Result<Tensors> {
    let tensors = file.tensors(|name| own(name).is_some())?;
    let renamed = |(name, tensor): (String, Tensor)| Some((own(&name)?, tensor));
    Ok(tensors.into_iter().filter_map(renamed).collect())
}

/// Returns true for `weight_ih_l0` and all other names of recurrent layers in a layout, and for the further
/// parameters of other cells.
fn is_parameter(name: &str, layout: WeightsLayout) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(kinds) = kinds(layout) {
        let name = name.strip_suffix(REVERSE).unwrap_or(name);
        // The peephole weights of ONNX are read, so that they are refused.
        let numbers = kinds.iter().chain(&["P"]).filter_map(|kind| name.strip_prefix(kind));
        return numbers
            .into_iter()
            .any(|rest| rest.is_empty() || rest.strip_prefix('_').is_some_and(is_number));
    }
    let further = CellName::ALL.iter().flat_map(|name| cell(*name).layout().further);
    let mut further = further.filter_map(|further| name.strip_prefix(further.name)?.strip_prefix("_l"));
    let rest = PARAMETERS.iter().find_map(|kind| name.strip_prefix(kind)).or_else(|| further.next());
    let number = rest.map(|rest| rest.strip_suffix(REVERSE).unwrap_or(rest));
    number.is_some_and(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(names: &[&str], prefix: Option<&str>) -> std::result::Result<FileNames, String> {
        find_in(WeightsLayout::PyTorch, names, prefix)
    }

    fn find_in(
        layout: WeightsLayout,
        names: &[&str],
        prefix: Option<&str>,
    ) -> std::result::Result<FileNames, String> {
        let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
        FileNames::find(&names, layout, prefix, "--prefix", Path::new("x")).map_err(|error| error.to_string())
    }

    #[test]
    fn find_other_libraries_names_are_those_with_the_prefix_of_the_recurrent_weights() {
        let keras = ["m/lstm/cell/kernel", "m/lstm/cell/recurrent_kernel", "m/dense/kernel", "m/dense/bias"];
        let found = find_in(WeightsLayout::Keras, &keras, None).unwrap();
        assert_eq!((found.prefix.as_str(), found.own(keras[0]).as_deref()), ("m/lstm/cell/", Some("kernel")));
        assert_eq!(found.foreign, keras[2..]);
        assert_eq!(find_in(WeightsLayout::Keras, &keras, Some("m/lstm/cell")).unwrap(), found);
        let onnx = ["W_0", "R_0", "P_0", "ERROR", "axis", "input"];
        let found = find_in(WeightsLayout::Onnx, &onnx, None).unwrap();
        assert_eq!(
            (found.prefix.as_str(), found.foreign.as_slice()),
            ("", ["ERROR", "axis"].map(String::from).as_slice())
        );
    }

    #[test]
    fn find_both_layers_of_a_bidirectional_of_keras_are_one_stack() {
        let names = ["m/two/forward_lstm/cell/", "m/two/backward_lstm/cell/", "m/forward_one/cell/"]
            .map(|path| format!("{path}recurrent_kernel"));
        let names: Vec<&str> = names.iter().map(String::as_str).chain(["m/dense/kernel"]).collect();
        let find = |names: &[&str], prefix| find_in(WeightsLayout::Keras, names, prefix);
        let found = find(&names[..2], None).unwrap();
        assert_eq!(found.prefix, "m/two/");
        assert_eq!(found.own(names[0]).as_deref(), Some("recurrent_kernel"));
        assert_eq!(found.own("m/two/backward_lstm/cell/bias").as_deref(), Some("bias_reverse"));
        assert_eq!(find(&names, Some("m/two")).unwrap().foreign, names[2..]);
        let one = find(&names, Some("m/two/backward_lstm/cell")).unwrap();
        assert_eq!(one.own(names[1]).as_deref(), Some("recurrent_kernel"));
        assert_eq!(one.foreign, [names[0], names[2], names[3]]);
        let problem = find(&names, None).unwrap_err();
        assert!(problem.contains("found 2: `m/forward_one/cell/`, `m/two/`; --prefix"), "{problem}");
    }

    #[test]
    fn find_reverse_direction_alone_is_refused() {
        let problem = find_in(WeightsLayout::Onnx, &["R_0_reverse", "W_0_reverse"], None).unwrap_err();
        assert!(
            problem.contains("`R_0_reverse` is of a reverse direction alone: give its layers"),
            "{problem}"
        );
    }

    #[test]
    fn find_file_of_another_library_names_its_layout() {
        for (names, layout) in [(["kernel", "recurrent_kernel"], "keras"), (["W_0", "R_0"], "onnx")] {
            let problem = find(&names, None).unwrap_err();
            let expected = format!(
                "expected a tensor `weight_ih_l0`, found none (the file has: {}, {}); that \
                                    looks like the layout `{layout}`",
                names[0], names[1]
            );
            assert!(problem.ends_with(&expected), "{problem}");
        }
        let problem = find_in(WeightsLayout::Keras, &["weight_hh_l0"], None).unwrap_err();
        assert!(
            problem.contains("`recurrent_kernel_0`") && problem.ends_with("layout `pytorch`"),
            "{problem}"
        );
    }

    #[test]
    fn find_one_stack_takes_its_prefix_and_leaves_the_rest() {
        let names =
            ["input", "e.rnn.weight_ih_l0", "e.rnn.weight_hh_l0", "e.rnn.bias_ih_l0", "e.weight", "fc.bias"];
        let found = find(&names, None).unwrap();
        assert_eq!(
            (found.prefix.as_str(), found.foreign.as_slice()),
            ("e.rnn.", ["e.weight", "fc.bias"].map(String::from).as_slice())
        );
        assert_eq!(found.own("e.rnn.bias_ih_l0").as_deref(), Some("bias_ih_l0"));
        assert_eq!((found.own("bias_ih_l0"), found.own("input").as_deref()), (None, Some("input")));
        assert_eq!(find(&["weight_ih_l0"], None).unwrap().prefix, "");
    }

    #[test]
    fn find_several_stacks_needs_the_users_choice() {
        let names = ["a.weight_ih_l0", "b.weight_hh_l0", "weight_hh_l0"];
        let problem = find(&names, None).unwrap_err();
        assert!(problem.ends_with("found 3: ``, `a.`, `b.`; --prefix chooses one"), "{problem}");
        for (given, prefix) in [("a", "a."), ("b.", "b."), ("", "")] {
            assert_eq!(find(&names, Some(given)).unwrap().prefix, prefix);
        }
        let problem = find(&names, Some("c")).unwrap_err();
        assert!(
            problem.contains("`c.weight_ih_l0` for --prefix c, found none (prefixes here: ``, `a.`"),
            "{problem}"
        );
    }

    #[test]
    fn find_misspelt_name_is_refused() {
        for (name, meant) in
            [("grad_outptu", "grad_output"), ("m.bias_hh_0", "m.bias_hh_l0"), ("inputs", "input")]
        {
            let problem = find(&["m.weight_ih_l0", "m.weight_hh_l0", name], None).unwrap_err();
            assert!(
                problem.contains(&format!("`{name}` means nothing here; did you mean `{meant}`?")),
                "{problem}"
            );
        }
        assert!(find(&["weight_ih_l0", "x0", "fc.weight"], None).is_ok());
    }
}
