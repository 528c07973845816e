//! The criterion by which a run has solved its task.

use crate::config::spec::Solved;

impl Solved {
    /// Reads the criterion from the table `[training]` of a config.
    pub fn of(training: &toml::Table) -> Solved {
        let number = |key: &str| {
            let value = training.get(key)?;
            value.as_float().or(value.as_integer().map(|value| value as f64))
        };
        Solved {
            loss: number("solved_loss"),
            accuracy: number("solved_accuracy"),
            sequences: training.get("solved_sequences").and_then(|count| count.as_integer()?.try_into().ok()),
        }
    }

    /// The loss on the validation split below which the task counts as solved; none with a criterion on
    /// training sequences.
    pub fn valid_loss(&self) -> Option<f64> {
        self.loss.filter(|_| self.sequences.is_none())
    }

    /// A sentence on the criterion; none without one.
    pub fn in_words(&self) -> Option<String> {
        let loss = |of: &str| self.loss.map(|loss| format!("{of} loss below {loss}"));
        let words = match self.sequences {
            Some(count) => {
                let loss = loss("a mean").map(|loss| format!(" with {loss}")).unwrap_or_default();
                format!("{count} correct training sequences in a row{loss}")
            }
            None => {
                let percent = |share: f64| format!("a validation accuracy of at least {} %", 100.0 * share);
                let both = [loss("a validation"), self.accuracy.map(percent)];
                both.into_iter().flatten().collect::<Vec<_>>().join(" and ")
            }
        };
        (!words.is_empty()).then(|| format!("Solved means {words}, at which training ends."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn criterion_names_what_the_config_asks_for() {
        let words = |text: &str| Solved::of(&text.parse().unwrap()).in_words().unwrap_or_default();
        assert_eq!(
            words("solved_loss = 0.02"),
            "Solved means a validation loss below 0.02, at which training ends."
        );
        assert_eq!(
            words("solved_loss = 1\nsolved_accuracy = 0.99"),
            "Solved means a validation loss below 1 and a validation accuracy of at least 99 %, at which \
             training ends."
        );
        assert_eq!(
            words("solved_loss = 0.04\nsolved_sequences = 2000"),
            "Solved means 2000 correct training sequences in a row with a mean loss below 0.04, at which \
             training ends."
        );
        assert_eq!(words("steps = 5"), "");
    }

    #[test]
    fn valid_loss_is_none_with_a_criterion_on_training_sequences() {
        let loss = |text: &str| Solved::of(&text.parse().unwrap()).valid_loss();
        assert_eq!(loss("solved_loss = 0.02"), Some(0.02));
        assert_eq!(loss("solved_loss = 0.02\nsolved_sequences = 2000"), None);
    }
}
