//! Kernels written by hand for the CPU, f32.
//!
//! Forward: the input's products of some steps at once, then step by step the state's products and the cell's equations
//! on vectors. Backward: blocks of steps, each first back through time, then the products over all its rows. Threads
//! have sequences of their own for the whole way where there are enough of them, else units of their own and a barrier
//! at each step ([`split`]). Every product is the one of [`product`], whatever the cell and the pass; where the processor
//! has AMX, that is done on its tiles ([`tiles`]).

mod backward;
mod buffer;
mod deltas;
mod equations;
mod forward;
mod gru;
mod isa;
mod lstm;
mod magnitude;
mod math;
mod panels;
mod peak;
mod pool;
mod product;
mod rnn;
mod rows;
mod shared;
mod split;
mod subnormal;
mod tensor;
#[cfg(test)]
mod tests;
#[cfg_attr(not(all(target_arch = "x86_64", target_os = "linux")), path = "no_tiles.rs")]
mod tiles;
mod vector;
mod wanted;
mod weights;

use tch::{Tensor, no_grad};

use self::equations::Equations;
use self::forward::{Given, Layer, Trail};
use self::gru::Gru;
use self::isa::{Isa, Task};
use self::lstm::Lstm;
pub use self::peak::{fma_peak, instructions};
use self::rnn::Rnn;
use self::split::Size;
use self::vector::Simd as Vectors;
use self::wanted::{Upstream as FromAbove, Wanted};
use super::{Adjoints, Engine, EngineName};
use crate::autograd::{Saved, Upstream, attach, records};
use crate::cell::{Cell, CellName, LayerParameters, State};
use crate::error::{Error, Result};

/// See the module.
pub struct Simd;

impl Engine for Simd {
    fn name(&self) -> EngineName {
        EngineName::Simd
    }

    fn accepts(&self, tensor: &Tensor) -> Result<()> {
        let dtype = crate::device::dtype_name(tensor.kind());
        let device = crate::device::name(tensor.device());
        if (dtype.as_str(), device.as_str()) == ("f32", "cpu") {
            return Ok(());
        }
        Err(Error::Unsupported { engine: self.name().to_string(), found: format!("{dtype} on {device}") })
    }

    fn layer(&self, cell: &dyn Cell, p: &LayerParameters, input: &Tensor, first: &State) -> (Tensor, State) {
        layer(Setting::of(cell), p, input, first, None)
    }

    fn layer_with_adjoints(
        &self,
        cell: &dyn Cell,
        p: &LayerParameters,
        input: &Tensor,
        first: &State,
    ) -> Option<(Tensor, Adjoints)> {
        let adjoints = Adjoints::default();
        let (output, _) = layer(Setting::of(cell), p, input, first, Some(adjoints.clone()));
        Some((output, adjoints))
    }
}

/// How a layer is run.
#[derive(Clone, Copy)]
struct Setting {
    isa: Isa,
    threads: usize,
    cell: CellName,
}

impl Setting {
    /// The fastest, on as many threads as libtorch would use.
    fn of(cell: &dyn Cell) -> Setting {
        let threads = usize::try_from(tch::get_num_threads()).unwrap_or(1).max(1);
        Setting { isa: Isa::best(), threads, cell: cell.name() }
    }

    /// The same without tiles, where one of these tensors has numbers that they cannot hold.
    fn fit_for<'a>(self, tensors: impl Iterator<Item = &'a [f32]>) -> Setting {
        if !self.isa.has_tiles() {
            return self;
        }
        // A few numbers are not worth waking threads for.
        let threads = |count: usize| if count < 1 << 16 { 1 } else { self.threads };
        let largest = |tensor: &[f32]| magnitude::largest(self.isa, threads(tensor.len()), tensor);
        let mut tensors = tensors;
        if tensors.all(|tensor| tiles::tame(largest(tensor))) {
            self
        } else {
            Setting { isa: self.isa.without_tiles(), ..self }
        }
    }
}

/// Runs a layer, whose backward pass leaves `adjoints`.
fn layer(
    setting: Setting,
    p: &LayerParameters,
    input: &Tensor,
    first: &State,
    adjoints: Option<Adjoints>,
) -> (Tensor, State) {
    let mut inputs = vec![input, &p.w_ih, &p.w_hh, &p.b_ih, &p.b_hh, &first.h];
    inputs.extend(&first.c);
    let keep = records(&inputs);
    let (mut outputs, tape) = no_grad(|| forward(setting, &inputs, keep));
    if let Some(tape) = tape {
        outputs = attach(&inputs, outputs, move |upstream| Some(tape.backward(upstream, adjoints.as_ref())))
            .expect("new tensors, computed without gradients");
    }
    let mut outputs = outputs.into_iter();
    let mut next = || outputs.next();
    let (output, h) = (next().expect("the output"), next().expect("the last state"));
    (output, State { h, c: next() })
}

/// The outputs (the output, the last h, the last c) and, if the way back is to be kept, all that it needs.
fn forward(setting: Setting, inputs: &[&Tensor], keep: bool) -> (Vec<Tensor>, Option<Tape>) {
    // Where a tensor is contiguous this is another handle on it.
    let inputs: Vec<Tensor> = inputs.iter().map(|tensor| tensor.detach().contiguous()).collect();
    let size = size(&inputs);
    let setting = setting.fit_for(inputs.iter().map(numbers));
    let [steps, batch, hidden] = [size.steps, size.batch, size.hidden].map(|n| n as i64);
    let mut output = tensor::room(&[steps, batch, hidden]);
    let mut last_c = inputs.get(6).map(|c| tensor::room(&c.size()));
    let trail = run(
        setting,
        Forward {
            layer: Layer { size, threads: setting.threads, given: given(&inputs) },
            output: numbers_mut(&mut output),
            last_c: last_c.as_mut().map(numbers_mut).unwrap_or_default(),
            keep,
        },
    );
    let tape = trail.map(|trail| Tape {
        setting,
        size,
        inputs: inputs.iter().map(Saved::new).collect(),
        output: Saved::new(&output),
        trail,
    });
    let last_h = output.get(-1).copy();
    let mut outputs = vec![output, last_h];
    outputs.extend(last_c);
    (outputs, tape)
}

/// What one layer's backward pass needs of its forward pass.
struct Tape {
    setting: Setting,
    size: Size,
    /// In the order of their gradients.
    inputs: Vec<Saved>,
    output: Saved,
    trail: Trail,
}

impl Tape {
    /// Gradients of input, w_ih, w_hh, b_ih, b_hh, h_0 and (LSTM) c_0.
    fn backward(&self, upstream: Upstream, adjoints: Option<&Adjoints>) -> Vec<Option<Tensor>> {
        let inputs: Vec<Tensor> = self.inputs.iter().map(|saved| saved.get().shallow_clone()).collect();
        let from_above: Vec<Option<Tensor>> = upstream
            .gradients
            .into_iter()
            .map(|gradient| gradient.map(|gradient| gradient.detach().contiguous()))
            .collect();
        let of = |n: usize| from_above.get(n).and_then(Option::as_ref).map(numbers);
        let mut gradients: Vec<Option<Tensor>> = inputs
            .iter()
            .zip(&upstream.wanted)
            .map(|(input, wanted)| wanted.then(|| tensor::room(&input.size())))
            .collect();
        let mut total = adjoints.map(|_| {
            let of = || tensor::room(&self.output.get().size());
            State { h: of(), c: (self.setting.cell == CellName::Lstm).then(of) }
        });
        let (total_h, total_c) = match &mut total {
            Some(State { h, c }) => (numbers_mut(h), c.as_mut().map(numbers_mut).unwrap_or_default()),
            None => Default::default(),
        };
        let mut room = gradients.iter_mut().map(|gradient| gradient.as_mut().map(numbers_mut));
        let mut next = || room.next().flatten().unwrap_or_default();
        run(
            self.setting.fit_for(from_above.iter().flatten().map(numbers)),
            Backward {
                layer: Layer { size: self.size, threads: self.setting.threads, given: given(&inputs) },
                output: numbers(self.output.get()),
                trail: &self.trail,
                upstream: FromAbove { output: of(0), h: of(1), c: of(2) },
                wanted: Wanted {
                    input: next(),
                    w_ih: next(),
                    w_hh: next(),
                    b_ih: next(),
                    b_hh: next(),
                    h: next(),
                    c: next(),
                    total_h,
                    total_c,
                },
            },
        );
        drop(room);
        if let (Some(adjoints), Some(total)) = (adjoints, total) {
            adjoints.leave(total);
        }
        gradients
    }
}

fn size(inputs: &[Tensor]) -> Size {
    let [steps, batch, input] = [0, 1, 2].map(|n| inputs[0].size()[n] as usize);
    Size { steps, batch, input, hidden: inputs[2].size()[1] as usize }
}

fn given(inputs: &[Tensor]) -> Given<'_> {
    let [input, w_ih, w_hh, b_ih, b_hh, h] = [0, 1, 2, 3, 4, 5].map(|n| numbers(&inputs[n]));
    Given { input, w_ih, w_hh, b_ih, b_hh, h, c: inputs.get(6).map(numbers).unwrap_or_default() }
}

/// The numbers of a contiguous f32 tensor of the CPU.
fn numbers(tensor: &Tensor) -> &[f32] {
    // SAFETY: the assertions of `place`, and the tensor is borrowed for as long.
    unsafe { std::slice::from_raw_parts(place(tensor), tensor.numel()) }
}

/// The same, to be written: for a tensor that was just made.
fn numbers_mut(tensor: &mut Tensor) -> &mut [f32] {
    // SAFETY: the assertions of `place`, and no other handle on the tensor exists yet.
    unsafe { std::slice::from_raw_parts_mut(place(tensor), tensor.numel()) }
}

/// Where a tensor's numbers are.
fn place(tensor: &Tensor) -> *mut f32 {
    Simd.accepts(tensor).expect("checked where the sequence enters");
    assert!(tensor.is_contiguous());
    tensor.data_ptr().cast()
}

/// A pass with any cell and any vectors.
trait Pass {
    type Result;
    fn run<C: Equations, S: Vectors>(self, s: S) -> Self::Result;
}

/// Runs a pass with the cell and the instruction set of a setting.
fn run<P: Pass>(setting: Setting, pass: P) -> P::Result {
    match setting.cell {
        CellName::Rnn => setting.isa.run(OfCell::<Rnn, P>(pass, std::marker::PhantomData)),
        CellName::Lstm => setting.isa.run(OfCell::<Lstm, P>(pass, std::marker::PhantomData)),
        CellName::Gru => setting.isa.run(OfCell::<Gru, P>(pass, std::marker::PhantomData)),
    }
}

/// A pass with one cell.
struct OfCell<C, P>(P, std::marker::PhantomData<C>);

impl<C: Equations, P: Pass> Task for OfCell<C, P> {
    type Result = P::Result;

    fn run<S: Vectors>(self, s: S) -> P::Result {
        self.0.run::<C, S>(s)
    }
}

struct Forward<'a> {
    layer: Layer<'a>,
    output: &'a mut [f32],
    last_c: &'a mut [f32],
    keep: bool,
}

impl Pass for Forward<'_> {
    type Result = Option<Trail>;

    fn run<C: Equations, S: Vectors>(self, s: S) -> Option<Trail> {
        forward::run::<C, S>(s, self.layer, self.output, self.last_c, self.keep)
    }
}

struct Backward<'a> {
    layer: Layer<'a>,
    output: &'a [f32],
    trail: &'a Trail,
    upstream: FromAbove<'a>,
    wanted: Wanted<'a>,
}

impl Pass for Backward<'_> {
    type Result = ();

    fn run<C: Equations, S: Vectors>(self, s: S) {
        backward::run::<C, S>(s, self.layer, self.output, self.trail, self.upstream, self.wanted);
    }
}
