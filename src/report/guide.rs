//! What the words and numbers of a report mean, as Markdown.

/// Of every report.
pub const COMMON: &str = "
## How to read this

Every number above is in `summary.csv`, every raw value in the other CSV files (`gradients.csv`,
`jacobian.csv`, `gates.csv`, `speed.csv`, `training.csv`).

- **B**: sequences in the batch; **T**: steps; **I**: features of the input; **H**: units of a layer; **L**: layers.
- **interval**: made so that it covers the true value in 95 of 100 experiments. There is none with one seed or sample.
";

/// Of a report with a claim.
pub const CLAIM: &str = "
Claim:

- **estimate**: over the seeds, with its 95 % interval: the mean of the number itself, of its difference between two runs of
  one seed, or (geometric) of its ratio, with Student's interval; for `seconds` the median, by bootstrap; for `solved` the
  share of runs that met the criterion, with Wilson's interval, or Newcombe's for a difference.
- **supported**: the whole interval lies on the side that the claim says. **not supported**: it lies on the other side.
  **undecided**: it contains the bound, or there are fewer than five seeds.
- A claim is supported where each of its tests is, not supported where any of them speaks against it, and else undecided. A
  **control** shows that the experiment can tell; where one does not hold, the claim is undecided whatever the tests say.
";

/// Of a report with published results.
pub const PUBLISHED: &str = "
Published results:

- **match**, **miss**: the mean over the seeds is, or is not, what counts as a match. **at chance**: a miss that is less
  than 1 % better than chance, or less than 10 % worse. **not comparable**: what was published is of another experiment, or of longer training.
- **sequences**: training sequences until the task was solved; a match only where every run solved it.
";

/// Of a report with gradients.
pub const GRADIENTS: &str = "
Gradients:

- **lag**: T − t, how many steps the step t lies before the end of the sequence.
- **norm**: the mean over the batch of each sequence's L2 norm, given as log10: −3 is 0.001.
- **total\\_h**, **total\\_c**: the gradient of the loss with respect to the state h (the cell state c) at step t,
  through every later step: the adjoint.
- **direct\\_h**: the part of total\\_h that passes through no later step of the same layer. It is what autograd
  gives for the t-th output of a fused call.
- **input\\_x**: the gradient of the loss with respect to the input at step t.
- **cell\\_path**, **gate\\_path**: the adjoint of the state that is carried along (c of the LSTM, h of the GRU) by the
  way it came: along that state alone, and through the gates at some step. As vectors they add up to the adjoint.
- **slope**: that of the least-squares line of log10 norm over lag, for each seed; then the mean over the seeds. Below
  0 the gradient vanishes towards the past, above 0 it explodes. Norms that are exactly 0 do not count.
- **half-life**: over so many steps the norm halves at this slope, log10(2) / −slope. There is none where the slope is
  not below 0, and no upper end (∞) where the interval of the slope reaches 0.
- **mean log10 f** (z for the GRU): the slope that the cell's own path would have if all units forgot at their mean pace.
- **±**, and the interval of a slope: Student's t over the seeds.
- **–**: the norm is exactly 0 (or not finite) in every seed. **n**: how many seeds have one, where some have not.
- **band** in a figure: from the smallest to the largest seed at each lag. The line is the mean over the seeds. Both
  are drawn where every seed has a norm above 0.
";

/// Of a report with Jacobians.
pub const JACOBIAN: &str = "
Jacobians:

- **∂s\\_T/∂s\\_t**: how the whole state at the end (h of every layer, and c of the LSTM) answers to the state at step t, a
  product of T − t matrices. **frobenius**, **spectral\\_norm**, **condition\\_number**: the root of the sum of squares of its
  singular values, the largest, and the largest over the smallest, as log10.
- **slope**, **half-life**: of the Frobenius norm over lag, as for gradients. Beside them what predicts the slope, all in
  log10 a step:
- **exponent**: the largest Lyapunov exponent. Once the directions have settled it is the slope itself.
- **log10 ρ(W\\_hh)**: spectral radius of the RNN's recurrent matrix. Below 0 it bounds the decay of a linear network; tanh
  only adds to it.
- **mean log10 f** (z for the GRU): the slope that the cell's own path would have if all units forgot at their mean pace.
- **lyapunov**: all exponents in nats a step, over their number. **largest\\_exponent**: how the first settles with the lag.
";

/// Of a report with speed.
pub const SPEED: &str = "
Speed:

- **ms**: the median over the samples of the wall-clock time of one pass, in milliseconds.
- **GFLOP/s**: multiplications and additions of the pass's products in a second, and in brackets the share of what the
  processor's vectors did with operands that never leave the registers (f32 on a CPU; more than 100 % where a unit for tiles
  multiplies).
- **forward**: the output, with no gradient recorded. **train**: the output and the gradient of the input and of every
  parameter.
- **ratio** (engine / builtin): the median time of the engine over that of builtin, libtorch's own implementation. The
  engines were timed in turn, sample by sample. Above 1 the engine is slower.
- **pytorch**, **jax**, **keras**, **onnxruntime**: other libraries, in processes of their own that were timed in the same
  turns; their versions stand under Environment. They were shown to compute the same first.
- **interval** of a time or ratio: percentile bootstrap over the samples; for a ratio those of one round are drawn
  together.
";

/// For runs that learn something.
pub const TRAINING: &str = "
### Training

`best valid loss` is the least of a run's evaluations on data that it does not learn from; the test split is judged once, by the
parameters of that evaluation. `chance` is what the best answer reaches on the test split that does not look at the sequence; a
test loss less than 1 % better or less than 10 % worse is called so. `accuracy` is the share of right answers; a number is right
within 0.04. `solved` counts the runs that met the config's criterion. Where gradient norms are recorded during
training, figures show them over lag, a line a recorded step (six of them, where there are more); the section on gradients shows
those of each run's last recorded step. `gradients.csv` has all of them, by `step`.
";
