//! Gradient flossing: the recurrent layers change before the training, and nothing else does.

use lstm_lab::results::schema::TrainingRow;

use crate::support::PlannedRun;

/// The rows of a training of an RNN whose exponents begin far below 0.
fn rows(training: &str) -> Vec<TrainingRow> {
    PlannedRun::new(
        "",
        &format!(
            "[task]\nname = \"adding\"\n[grid]\ncell = \"rnn\"\ninit = \"gaussian(0.1)\"\nhidden_size = 8\n\
             seq_len = 20\nbatch_size = 4\n[training]\nsteps = 2\neval_sequences = 4\nlearning_rate = 0.01\n\
             {training}\n"
        ),
    )
    .rows()
}

/// The value of a metric before the first update of the training.
fn first(rows: &[TrainingRow], metric: &str) -> Option<f64> {
    let row = rows.iter().find(|row| row.metric == metric && row.split == "valid" && row.step == 0);
    row.map(|row| row.value)
}

#[test]
fn flossing_moves_the_exponents_to_zero_before_the_training() {
    for (settings, factor) in [("flossing = 60", 4.0), ("flossing = 60\nflossing_exponents = 8", 2.0)] {
        let rows = rows(settings);
        let before = first(&rows, "exponents_before_flossing").unwrap();
        let after = first(&rows, "exponents_after_flossing").unwrap();
        assert!(before > 0.5 && after < before / factor, "{settings}: {before} to {after}");
    }
}

#[test]
fn flossing_of_zero_updates_is_the_same_training() {
    let (plain, without, flossed) = (rows(""), rows("flossing = 0"), rows("flossing = 3"));
    assert_eq!(without, plain);
    assert_eq!(first(&plain, "exponents_after_flossing"), None);
    assert_ne!(first(&flossed, "loss"), first(&plain, "loss"));
    assert_eq!(rows("flossing = 3"), flossed);
}
