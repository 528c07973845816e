//! Laws of plans that hold for any config.

use std::fs;
use std::path::Path;

use lstm_lab::config;
use lstm_lab::data::Inputs;
use lstm_lab::plan::{Machine, Plan};
use lstm_lab::settings::Settings;
use proptest::prelude::*;
use proptest::sample::subsequence;

fn plan(path: &Path) -> (Plan, toml::Table) {
    let spec = config::load(path, &[]).unwrap_or_else(|error| panic!("{error}"));
    let plan = Plan::new(&spec, &Inputs::default(), &Machine::new("cpu", 1, "avx2"))
        .unwrap_or_else(|error| panic!("{error}"));
    (plan, spec.resolved)
}

fn grid(cells: &[&str], lengths: &[usize], layers: &[usize], seeds: &[u64]) -> String {
    format!(
        "kind = [\"gradients\", \"speed\"]\nseeds = {seeds:?}\n[grid]\ncell = {cells:?}\n\
         seq_len = {lengths:?}\nlayers = {layers:?}\nhidden_size = 4\n"
    )
}

/// The hidden size, the projection and the length of each run of a grid and an own grid of kind `speed`.
fn planned_sizes(shared: &str, own: &str) -> Vec<[usize; 3]> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.toml");
    let text =
        format!("kind = \"speed\"\n[grid]\ncell = \"lstm_projected\"\n{shared}\n[speed.grid]\n{own}\n");
    fs::write(&path, text).unwrap();
    let (first, resolved) = plan(&path);
    fs::write(&path, toml::to_string(&resolved).unwrap()).unwrap();
    let ids = |plan: &Plan| plan.runs.iter().map(|run| run.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&first), ids(&plan(&path).0));
    let sizes = |s: &Settings| [s.hidden_size, s.proj_size.unwrap(), s.seq_len];
    first.runs.iter().map(|run| sizes(&run.settings)).collect()
}

#[test]
fn shapes_of_a_kinds_own_grid_and_projections_replace_each_other_where_both_have_one() {
    let both = "shapes = [{ hidden_size = 8, proj_size = 4 }, { hidden_size = 6, proj_size = 2 }]";
    let plain = "shapes = [{ hidden_size = 8 }, { hidden_size = 6 }]";
    for (shared, own, expected) in [
        (both, "", vec![[8, 4, 100], [6, 2, 100]]),
        ("proj_size = 3", both, vec![[8, 4, 100], [6, 2, 100]]),
        ("proj_size = 3\nseq_len = 7", plain, vec![[8, 3, 100], [6, 3, 100]]),
        (plain, "proj_size = 5", vec![[8, 5, 100], [6, 5, 100]]),
        (both, "proj_size = 5", vec![[64, 5, 100]]),
        (both, "hidden_size = 9\nproj_size = 5", vec![[9, 5, 100]]),
    ] {
        assert_eq!(planned_sizes(shared, own), expected, "{shared} {own}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn plan_of_the_resolved_config_has_the_same_runs(
        cells in subsequence(vec!["rnn", "lstm", "gru"], 1..=3),
        lengths in subsequence(vec![5, 10, 20], 1..=3),
        layers in subsequence(vec![1, 2], 1..=2),
        seeds in subsequence(vec![1, 2, 3], 1..=3),
        lags in prop::sample::select(vec!["all", "log"]),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.toml");
        let text = grid(&cells, &lengths, &layers, &seeds) + &format!("[gradients]\nlags = \"{lags}\"\n");
        fs::write(&path, text).unwrap();
        let (first, resolved) = plan(&path);
        fs::write(&path, toml::to_string(&resolved).unwrap()).unwrap();
        let (second, again) = plan(&path);
        let ids = |plan: &Plan| plan.runs.iter().map(|run| run.id.clone()).collect::<Vec<_>>();
        prop_assert_eq!(ids(&first), ids(&second));
        prop_assert_eq!(resolved, again);
        // One run per grid point and seed; `speed` uses the first seed alone.
        let points = cells.len() * lengths.len() * layers.len();
        prop_assert_eq!(first.runs.len(), points * (seeds.len() + 1));
    }

    #[test]
    fn exclude_leaves_out_exactly_the_runs_that_have_all_its_values(
        cell in prop::sample::select(vec!["rnn", "lstm", "gru"]),
        length in prop::option::of(prop::sample::select(vec![5, 10])),
        layers in prop::option::of(prop::sample::select(vec![1, 2])),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.toml");
        let text = grid(&["rnn", "lstm", "gru"], &[5, 10], &[1, 2], &[1, 2]);
        fs::write(&path, &text).unwrap();
        let (all, _) = plan(&path);
        let words = [length.map(|n| format!(", seq_len = {n}")), layers.map(|n| format!(", layers = {n}"))];
        let words: String = words.into_iter().flatten().collect();
        fs::write(&path, format!("exclude = [{{ cell = \"{cell}\"{words} }}]\n{text}")).unwrap();
        let (rest, _) = plan(&path);
        let is_excluded = |s: &Settings| {
            s.value("cell").as_deref() == Some(cell)
                && length.is_none_or(|n| s.seq_len == n)
                && layers.is_none_or(|n| s.layers == n)
        };
        let kept = all.runs.iter().filter(|run| !is_excluded(&run.settings)).map(|run| &run.id);
        prop_assert_eq!(kept.collect::<Vec<_>>(), rest.runs.iter().map(|run| &run.id).collect::<Vec<_>>());
    }
}
