//! The roofline of a timed pass: how many operations it does for each byte, and the limits of the processor
//! (Williams, Waterman & Patterson, Communications of the ACM 52(4), 2009).

use super::flops::flops;
use super::statistic::{Section, Statistic};
use crate::cell::StateSize;
use crate::device::Dtype;
use crate::report::estimate::Estimate;
use crate::report::group::SpeedGroup;
use crate::settings::Settings;

/// The limits of the processor, from the highest roof to the lowest.
pub const LIMITS: [&str; 4] = ["fma_peak", "l2_read", "l3_read", "memory_read"];

/// The statistics `intensity`, `fma_peak`, `l2_read`, `l3_read` and `memory_read`, with the first engine.
/// There are none without a measured peak, which is one of f32 on a CPU.
pub fn statistics(group: &SpeedGroup) -> Vec<Statistic> {
    let limits = &group.limits;
    let is_f32_on_cpu = group.point.device == "cpu" && group.point.dtype == Dtype::F32;
    let intensity = intensity(&group.point, &group.pass).filter(|_| is_f32_on_cpu);
    let (Some(intensity), Some(_), Some(first)) = (intensity, limits.fma_peak_gflops, group.engines.first())
    else {
        return vec![];
    };
    let values = [limits.fma_peak_gflops, limits.l2_read_gbs, limits.l3_read_gbs, limits.memory_read_gbs];
    let limits = LIMITS.into_iter().zip(values).zip(["GFLOP/s", "GB/s", "GB/s", "GB/s"]);
    let limits = limits.map(|((metric, value), unit)| (metric, value, unit));
    let point = Settings { engine: first.engine.clone(), ..group.point.clone() };
    let statistic = |(metric, value, unit): (&'static str, Option<f64>, &str)| {
        value.map(|value| Statistic {
            quantity: group.pass.clone(),
            ..Statistic::new(Section::Speed, metric, &point, Estimate::new(Some(value), None, 1), unit)
        })
    };
    std::iter::once(("intensity", Some(intensity), "FLOP/byte")).chain(limits).filter_map(statistic).collect()
}

/// The operations of a pass for each byte that it must move. `None` where [`flops`] has none.
fn intensity(point: &Settings, pass: &str) -> Option<f64> {
    Some(flops(point, pass)? / bytes(point, pass)?)
}

/// The bytes that a pass must move: the recurrent weights once a step, every other array once for each time
/// that it is written or used.
///
/// - forward: reads W_hh T times, W_ih and the input once; writes the output.
/// - train: forward, and writes the gates. The backward pass reads W_hh T times; W_ih, the input, the output,
///   its gradient and the gates once. It writes the pre-activations' gradient, and reads it for the weights'
///   gradients. It writes the gradients of the input and of both weights.
///
/// A projection counts as a part of W_hh.
fn bytes(point: &Settings, pass: &str) -> Option<f64> {
    let cell = crate::cell::cell(point.cell?);
    let gates = cell.gates().len() as f64;
    let [steps, batch] = [point.seq_len, point.batch_size].map(|n| n as f64);
    let StateSize { hidden, output } = point.state_size();
    let [hidden, output] = [hidden, output].map(|n| n as f64);
    let projection = if cell.layout().has_projection() { output * hidden } else { 0.0 };
    let rows = steps * batch;
    let of_layer = |layer: usize| {
        let input = if layer == 0 { point.input_size as f64 } else { output };
        let (w_ih, w_hh) = (gates * hidden * input, gates * hidden * output + projection);
        match pass {
            "forward" => Some(steps * w_hh + w_ih + rows * (input + output)),
            "train" => {
                let of_rows = 3.0 * input + 3.0 * output + 4.0 * gates * hidden;
                Some((2.0 * steps + 1.0) * w_hh + 3.0 * w_ih + rows * of_rows)
            }
            _ => None,
        }
    };
    let numbers: Option<f64> = (0..point.layers).map(of_layer).sum();
    numbers.map(|numbers| numbers * size_of::<f32>() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName;
    use crate::engine::EngineName::Builtin;
    use crate::report::fixtures::{results, run, sample};
    use crate::report::group::speed;

    #[test]
    fn bytes_equal_count_by_hand() {
        let mut point = run("a", 1).settings;
        point.cell = Some(CellName::Lstm);
        (point.seq_len, point.batch_size, point.input_size, point.hidden_size) = (3, 5, 7, 2);
        point.layers = 1;
        // W_hh has 16 numbers, W_ih 56, a row of gates 8.
        assert_eq!(bytes(&point, "forward"), Some(4.0 * (48.0 + 56.0 + 15.0 * 9.0)));
        assert_eq!(bytes(&point, "train"), Some(4.0 * (7.0 * 16.0 + 168.0 + 15.0 * (21.0 + 6.0 + 32.0))));
        assert_eq!(bytes(&point, "walk"), None);
    }

    #[test]
    fn statistics_have_the_limits_that_were_measured_in_f32() {
        let of = |dtype, peak| {
            let mut run = run("a", 1);
            run.settings.dtype = dtype;
            (run.row.fma_peak_gflops, run.row.memory_read_gbs) = (peak, Some(20.0));
            let results = results([run]);
            let groups = speed(&results, [sample("a", Builtin, "train", 0, 1.0)]).unwrap();
            let found = statistics(&groups[0]);
            found.iter().map(|row| (row.metric, row.estimate.value.unwrap())).collect::<Vec<_>>()
        };
        let found = of(Dtype::F32, Some(100.0));
        let metrics: Vec<&str> = found.iter().map(|(metric, _)| *metric).collect();
        assert_eq!(metrics, ["intensity", "fma_peak", "memory_read"]);
        assert_eq!((found[1].1, found[2].1), (100.0, 20.0));
        assert_eq!(of(Dtype::F64, Some(100.0)), []);
        assert_eq!(of(Dtype::F32, None), []);
    }
}
