//! The engine `cuda`: the products with the input in libtorch, the recurrence in the kernels.

use tch::{Kind, Tensor, no_grad};
use tch_autograd::{GradInputs, GradOutputs, Saved, custom_function, needs_grad};

use super::launch::{Kernel, Kernels, LIBRARY, Sizes};
use crate::cell::{Cell, CellName, LayerParameters, State};
use crate::device;
use crate::engine::interface::{unpacked, unsupported};
use crate::engine::{Engine, EngineName};
use crate::error::Result;

/// The engine `cuda`.
#[derive(Clone)]
pub struct CudaEngine {
    /// A library in place of CUDA's, for tensors on the CPU.
    stand_in: Option<&'static str>,
}

impl CudaEngine {
    /// The engine for cards.
    pub const ON_CARDS: CudaEngine = CudaEngine { stand_in: None };

    /// Launches a kernel. A failure is a panic, as in tch.
    fn launch(&self, kernel: Kernel, like: &Tensor, sizes: Sizes, arrays: &[&Tensor]) {
        let arrived = Tensor::zeros([1], (Kind::Int, like.device()));
        let index = device::cuda_index(like.device()).unwrap_or(0);
        let pointers: Vec<_> = arrays.iter().map(|array| array.data_ptr()).collect();
        let launched = Kernels::of(self.stand_in.unwrap_or(LIBRARY), index)
            // SAFETY: the callers have made the arrays with the sizes that `lstm.cu` names.
            .and_then(|kernels| unsafe { kernels.launch(kernel, sizes, &pointers, arrived.data_ptr()) });
        launched.unwrap_or_else(|problem| panic!("the engine `cuda`: {problem}"));
    }
}

impl Engine for CudaEngine {
    fn name(&self) -> EngineName {
        EngineName::Cuda
    }

    fn serves(&self, cell: &dyn Cell) -> bool {
        cell.name() == Some(CellName::Lstm)
    }

    fn accepts(&self, tensor: &Tensor) -> Result<()> {
        let is_on_card = device::cuda_index(tensor.device()).is_some() || self.stand_in.is_some();
        if is_on_card && tensor.kind() == Kind::Float {
            return Ok(());
        }
        Err(unsupported(self.name(), "f32 on CUDA", tensor))
    }

    fn layer(
        &self,
        _cell: &'static dyn Cell,
        p: &LayerParameters,
        input: &Tensor,
        initial_state: &State,
    ) -> (Tensor, State) {
        let (h0, c0) = (&initial_state.h, &initial_state.carried[0]);
        let inputs = [input, &p.w_ih, &p.w_hh, &p.b_ih, &p.b_hh, h0, c0];
        let tape = no_grad(|| self.forward(p, input, h0, c0));
        let steps = input.size()[0];
        let last = |states: &Tensor| states.get(steps).copy();
        let mut outputs = no_grad(|| vec![tape.h.narrow(0, 1, steps).detach(), last(&tape.h), last(&tape.c)]);
        if needs_grad(&inputs) {
            let saved = [input, &p.w_ih, &p.w_hh].map(Saved::new);
            outputs = custom_function(&inputs, outputs, move |grad| tape.backward(&saved, grad))
                .expect("the outputs were computed without gradients");
        }
        unpacked(outputs)
    }
}

impl CudaEngine {
    fn forward(&self, p: &LayerParameters, input: &Tensor, h0: &Tensor, c0: &Tensor) -> Tape {
        let size = [input.size()[0], input.size()[1], p.w_hh.size()[1]];
        let [steps, batch, hidden] = size;
        let gates = (input.matmul(&p.w_ih.tr()) + (&p.b_ih + &p.b_hh)).contiguous();
        let states = |first: &Tensor| {
            let all = Tensor::empty([steps + 1, batch, hidden], (Kind::Float, input.device()));
            all.get(0).copy_(first);
            all
        };
        let (h, c) = (states(h0), states(c0));
        let sizes = Sizes { steps: steps as usize, batch: batch as usize, hidden: hidden as usize };
        self.launch(Kernel::Forward, input, sizes, &[&p.w_hh.contiguous(), &h, &c, &gates]);
        Tape { engine: self.clone(), sizes, h, c, gates }
    }
}

/// The tensors of a forward pass that the backward pass needs.
struct Tape {
    engine: CudaEngine,
    sizes: Sizes,
    /// h_0 … h_T, `[T+1, B, H]`.
    h: Tensor,
    /// c_0 … c_T, `[T+1, B, H]`.
    c: Tensor,
    /// The activations of the gates, `[T, B, 4H]`.
    gates: Tensor,
}

impl Tape {
    /// Computes the gradients of input, w_ih, w_hh, b_ih, b_hh, h_0 and c_0, in this order.
    fn backward(&self, saved: &[Saved; 3], grad: GradOutputs) -> GradInputs {
        let [input, w_ih, w_hh] = saved.each_ref().map(Saved::get);
        let steps = self.h.size()[0] - 1;
        let mut of_outputs = grad.outputs.into_iter();
        let (of_output, of_h, of_c) = (of_outputs.next()?, of_outputs.next()?, of_outputs.next()?);
        let copy = |gradient: Option<Tensor>, like: Tensor| {
            gradient.map_or_else(|| like.zeros_like(), |gradient| gradient.contiguous().copy())
        };
        let d_output = copy(of_output, self.h.narrow(0, 1, steps));
        if let Some(of_h) = of_h {
            let _ = d_output.get(steps - 1).g_add_(&of_h);
        }
        let d_c = copy(of_c, self.c.get(0));
        let (d_h0, deltas) = (d_c.empty_like(), self.gates.empty_like());
        let arrays = [&w_hh.contiguous(), &self.c, &self.gates, &d_output, &d_c, &d_h0, &deltas];
        self.engine.launch(Kernel::Backward, &self.h, self.sizes, &arrays);

        let rows = |tensor: &Tensor| tensor.reshape([-1, *tensor.size().last().unwrap_or(&1)]);
        let of_gates = rows(&deltas);
        let d_bias = || of_gates.sum_dim_intlist([0].as_slice(), false, Kind::Float);
        let if_needed = |n: usize, compute: &dyn Fn() -> Tensor| grad.needs_input_grad[n].then(compute);
        Some(vec![
            if_needed(0, &|| of_gates.matmul(w_ih).view(input.size().as_slice())),
            if_needed(1, &|| of_gates.tr().matmul(&rows(input))),
            if_needed(2, &|| of_gates.tr().matmul(&rows(&self.h.narrow(0, 0, steps)))),
            if_needed(3, &d_bias),
            if_needed(4, &d_bias),
            Some(d_h0),
            Some(d_c),
        ])
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use super::*;
    use crate::cell::Parameters;
    use crate::cell::init::{Init, StackSize};
    use crate::device::cpu;
    use crate::engine::analytic::Analytic;
    use crate::engine::forward;
    use crate::engine::parity::{relative_difference, results};
    use crate::random::{self, Purpose};
    use crate::support::panic::catch_panics;

    /// The engine with kernels that a C++ compiler has compiled for the processor. See emulation.cpp.
    fn emulated(dir: &Path) -> CudaEngine {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/engine/cuda/emulation.cpp");
        let library = dir.join("libemulation.so");
        let mut command = Command::new("c++");
        command.args(["-std=c++20", "-O1", "-w", "-shared", "-fPIC", "-pthread", source, "-o"]).arg(&library);
        let built = command.output().expect("a C++ compiler is there: tch needs one too");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        CudaEngine { stand_in: Some(library.to_str().unwrap().to_string().leak()) }
    }

    fn case(steps: i64, batch: i64, hidden: i64, layers: usize) -> (Parameters, Tensor, Tensor) {
        let size = StackSize { input_size: 3, hidden_size: hidden, layers, proj_size: 0 };
        let p = Parameters::new(CellName::Lstm, Init::pytorch(), size, 1, Kind::Double, cpu());
        let draw = |purpose, last: i64| {
            random::normal(&mut random::stream(1, purpose), &[steps, batch, last], Kind::Double, cpu())
        };
        (p, draw(Purpose::Input, 3), draw(Purpose::Loss, hidden))
    }

    #[test]
    fn kernels_in_emulation_agree_with_analytic() {
        let dir = tempfile::tempdir().unwrap();
        let engine = emulated(dir.path());
        // Units that do not fill a block, vectors longer than a warp, more sequences than warps.
        for (steps, batch, hidden, layers) in [(4, 3, 7, 2), (3, 1, 40, 1), (2, 10, 5, 1), (1, 2, 1, 1)] {
            let (p, input, cotangent) = case(steps, batch, hidden, layers);
            let expected = results(&Analytic, &p, &input, &cotangent).unwrap();
            let f32 = |tensor: &Tensor| tensor.to_kind(Kind::Float);
            let found = results(&engine, &p.to(Kind::Float, cpu()), &f32(&input), &f32(&cotangent)).unwrap();
            for ((name, found), (_, expected)) in found.iter().zip(&expected) {
                let difference = relative_difference(found, expected);
                assert!(difference < 1e-5, "T{steps} B{batch} H{hidden}: {name}: {difference}");
            }
        }
    }

    #[test]
    fn layer_without_room_on_the_card_is_refused_with_the_numbers() {
        let dir = tempfile::tempdir().unwrap();
        let engine = emulated(dir.path());
        let refusal = |hidden| {
            let (p, input, _) = case(1, 1, hidden, 1);
            let (p, input) = (p.to(Kind::Float, cpu()), input.to_kind(Kind::Float));
            let refused = catch_panics(|| Ok(forward(&engine, &p, &input, None)?));
            refused.map(drop).unwrap_err().to_string()
        };
        assert_eq!(
            refusal(49),
            "the engine `cuda`: the layer needs 13 blocks that run at once, and this card has room for 12"
        );
        assert_eq!(
            refusal(1025),
            "the engine `cuda`: the weights of a block need 65600 bytes of shared memory, and this card has \
             65536"
        );
    }

    #[test]
    fn forward_without_a_card_is_refused() {
        let (p, input, _) = case(1, 1, 1, 1);
        let (p, input) = (p.to(Kind::Float, cpu()), input.to_kind(Kind::Float));
        let refused = forward(&CudaEngine::ON_CARDS, &p, &input, None).unwrap_err();
        assert!(refused.to_string().contains("f32 on cpu"), "{refused}");
    }
}
