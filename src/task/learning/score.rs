//! Loss and correctness of a model's outputs.

use tch::Tensor;

use super::task::{Target, Task};

/// The mean loss of outputs `[S, B, O]`: squared error of a number, cross-entropy in nats of a class.
pub fn loss(outputs: &Tensor, target: &Target) -> Tensor {
    match target {
        Target::Numbers(numbers) => (last(outputs) - numbers).square().mean(outputs.kind()),
        Target::Classes(classes) => {
            // tch's own cross-entropy computes in f32 for every input type.
            let log_probability = outputs.flatten(0, 1).log_softmax(-1, outputs.kind());
            log_probability.nll_loss(&classes.reshape([-1]))
        }
    }
}

/// The loss of each sequence, `[B]`, as [`loss`] defines it: the mean over the steps of [`step_losses`].
pub fn sequence_losses(step_losses: &Tensor) -> Tensor {
    step_losses.mean_dim(0, false, step_losses.kind())
}

/// The loss of each output, `[S, B]`. Outputs `[S, 1, O]` count for every sequence.
pub fn step_losses(outputs: &Tensor, target: &Target) -> Tensor {
    match target {
        Target::Numbers(numbers) => (last(outputs) - numbers).square().unsqueeze(0),
        Target::Classes(classes) => {
            let size = classes.size();
            let log_probability =
                outputs.log_softmax(-1, outputs.kind()).expand([size[0], size[1], -1], false);
            let of_class = log_probability.gather(-1, &classes.unsqueeze(-1), false);
            -of_class.squeeze_dim(-1)
        }
    }
}

/// A boolean for each scored output, `[S', B]`: true if it is correct. Outputs
/// `[S, 1, O]` count for every sequence.
pub fn correct(task: &dyn Task, outputs: &Tensor, target: &Target) -> Tensor {
    match target {
        Target::Numbers(numbers) => (last(outputs) - numbers).abs().lt(task.tolerance()).unsqueeze(0),
        Target::Classes(classes) => {
            let scored = task.scored_steps().unwrap_or(target.steps());
            let start = target.steps() - scored;
            let found = outputs.narrow(0, start, scored).argmax(-1, false);
            found.eq_tensor(&classes.narrow(0, start, scored))
        }
    }
}

/// The numbers after the last step, `[B]`.
fn last(outputs: &Tensor) -> Tensor {
    outputs.select(0, -1).squeeze_dim(1)
}
