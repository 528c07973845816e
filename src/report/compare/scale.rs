//! The scale on which each metric is compared.

use crate::report::summary::{LAG_SMALL_ERROR, Section, Statistic};

/// The way two numbers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The number of B less that of A.
    Difference,
    /// The number of B less that of A, in percentage points. The numbers are shares.
    Points,
    /// The number of B over that of A.
    Ratio,
}

/// The direction in which a number is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worse {
    /// A larger number is worse.
    Larger,
    /// A smaller number is worse.
    Smaller,
}

/// The scale of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// The way two numbers are compared.
    pub by: By,
    /// The direction in which it is worse; `None` for a number without one, such as a norm.
    pub worse: Option<Worse>,
    /// The words for a smaller and for a larger number.
    pub words: [&'static str; 2],
}

/// The scale of a metric of `summary.csv`; `None` for one that follows from others or describes the
/// measurement.
pub fn scale(metric: &str) -> Option<Scale> {
    let scale = |by, worse| Some(Scale { by, worse, words: ["lower", "higher"] });
    match metric {
        "slope" | "log10_norm" | "largest_exponent" | "log10_spectral_radius" | "mean_log10_gate" => {
            scale(By::Difference, None)
        }
        "half_life" | "lag_tenth" | "lag_hundredth" | LAG_SMALL_ERROR => {
            Some(Scale { by: By::Ratio, worse: None, words: ["shorter", "longer"] })
        }
        "best_valid_loss" | "test_loss" => scale(By::Ratio, Some(Worse::Larger)),
        "test_accuracy" | "solved" => scale(By::Points, Some(Worse::Smaller)),
        "sequences" => scale(By::Ratio, None),
        _ if is_time(metric) => {
            Some(Scale { by: By::Ratio, worse: Some(Worse::Larger), words: ["faster", "slower"] })
        }
        _ => None,
    }
}

/// Returns true for a time, or a ratio of times.
pub fn is_time(metric: &str) -> bool {
    ["seconds", "ratio_to_builtin", "ratio_to_fused"].contains(&metric)
}

/// The name of a number for a reader: `time of the pass train`.
pub fn title(row: &Statistic) -> String {
    let metric = match row.metric {
        "half_life" => "half-life".to_string(),
        "lag_tenth" => "lag with a tenth left".to_string(),
        "lag_hundredth" => "lag with a hundredth left".to_string(),
        LAG_SMALL_ERROR => "lag with an error of a hundredth".to_string(),
        metric => metric.replace('_', " "),
    };
    let name = match (row.section, row.metric) {
        (Section::Speed, "seconds") => format!("time of the pass {}", row.quantity),
        (Section::Speed, "ratio_to_builtin") => format!("time / builtin of the pass {}", row.quantity),
        (Section::Speed, "ratio_to_fused") => format!("time / fused of the pass {}", row.quantity),
        (Section::Training, "seconds") => "time of training".to_string(),
        (Section::Training, "sequences") => "training sequences".to_string(),
        (Section::Training, _) => metric,
        _ if row.quantity.is_empty() => metric,
        _ => format!("{metric} of {}", row.quantity),
    };
    name + &row.lag.map(|lag| format!(" at lag {lag}")).unwrap_or_default()
}
