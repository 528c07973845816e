//! The part of a plan that one of several processes executes.

use super::cost::cost;
use super::run::Run;
use crate::support::error::{Error, Result};

/// Part I of N of the runs of a plan. Every process that plans the same runs divides them in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// The part, from 0.
    index: usize,
    /// The number of parts.
    count: usize,
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{}/{}", self.index + 1, self.count)
    }
}

impl Shard {
    /// The whole plan.
    pub const ALL: Shard = Shard { index: 0, count: 1 };

    /// Parses `I/N` with 1 ≤ I ≤ N.
    ///
    /// # Errors
    /// Another text, with the expected form.
    pub fn parse(text: &str) -> Result<Shard, String> {
        let error = || format!("expected I/N with I from 1 to N, found `{text}`");
        let (index, count) = text.split_once('/').ok_or_else(error)?;
        let (index, count): (usize, usize) =
            (index.parse().map_err(|_| error())?, count.parse().map_err(|_| error())?);
        if index == 0 || index > count { Err(error()) } else { Ok(Shard { index: index - 1, count }) }
    }

    /// The part of a task of a SLURM array; `None` outside of an array. `variable` reads the environment.
    ///
    /// # Errors
    /// The ids of the array's tasks have gaps, so the number of this task among them is unknown.
    pub fn of_slurm(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Shard>> {
        let number = |name: &str| variable(&format!("SLURM_ARRAY_TASK_{name}"))?.parse::<usize>().ok();
        let (Some(id), Some(count)) = (number("ID"), number("COUNT")) else { return Ok(None) };
        let [first, last] = [number("MIN").unwrap_or(id), number("MAX").unwrap_or(id)];
        let step = number("STEP").unwrap_or(1).max(1);
        let place = id.checked_sub(first).filter(|offset| offset % step == 0).map(|offset| offset / step);
        let is_regular = last.checked_sub(first).is_some_and(|width| width / step + 1 == count);
        match place.filter(|index| is_regular && *index < count) {
            Some(index) => Ok(Some(Shard { index, count })),
            None => {
                let found = format!("{count} tasks from {first} to {last}");
                let problem = "expected a SLURM array of the form FIRST-LAST or FIRST-LAST:STEP";
                Err(Error::Usage(format!("{problem}, found {found}; `--shard I/N` names the part instead")))
            }
        }
    }

    /// The runs of this part in the order of the plan. The parts have about the same cost: the runs go, from
    /// the most to the least costly one, to the part with the least cost so far.
    pub fn select<'a>(self, runs: &[&'a Run]) -> Vec<&'a Run> {
        let costs: Vec<f64> = runs.iter().map(|run| cost(run)).collect();
        let parts = parts(&costs, self.count);
        let mine = runs.iter().zip(parts).filter(|(_, part)| *part == self.index);
        mine.map(|(run, _)| *run).collect()
    }
}

/// The part of each run, by its cost.
fn parts(costs: &[f64], count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..costs.len()).collect();
    // Runs of equal cost keep the order of the plan, so they go to the parts in turn.
    order.sort_by(|one, other| costs[*other].total_cmp(&costs[*one]));
    let (mut parts, mut loads) = (vec![0; costs.len()], vec![0.0; count]);
    for run in order {
        let least = (0..count).min_by(|one, other| f64::total_cmp(&loads[*one], &loads[*other]));
        parts[run] = least.expect("there is a part");
        loads[parts[run]] += costs[run];
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_part_outside_of_its_number_is_an_error() {
        assert_eq!(Shard::parse("2/3"), Ok(Shard { index: 1, count: 3 }));
        for wrong in ["0/2", "3/2", "2", "a/b", "1/0", "-1/2", ""] {
            assert_eq!(Shard::parse(wrong), Err(format!("expected I/N with I from 1 to N, found `{wrong}`")));
        }
    }

    #[test]
    fn parts_have_about_equal_costs_and_equal_runs_alternate() {
        assert_eq!(parts(&[1.0; 5], 2), [0, 1, 0, 1, 0]);
        assert_eq!(parts(&[1.0, 2.0, 9.0, 3.0, 3.0], 2), [1, 1, 0, 1, 1]);
        assert_eq!(parts(&[1.0, 1.0], 3), [0, 1], "a part may be empty");
    }

    /// The part of a task in an array that SLURM describes with these numbers.
    fn task(id: usize, count: usize, [min, max, step]: [usize; 3]) -> Result<Option<Shard>> {
        Shard::of_slurm(|name| {
            let number = match name.strip_prefix("SLURM_ARRAY_TASK_")? {
                "ID" => id,
                "COUNT" => count,
                "MIN" => min,
                "MAX" => max,
                "STEP" => step,
                _ => return None,
            };
            Some(number.to_string())
        })
    }

    #[test]
    fn of_slurm_counts_from_the_first_task_in_steps() {
        let found = |id, count, range| task(id, count, range).unwrap().unwrap().to_string();
        assert_eq!(found(4, 4, [1, 4, 1]), "4/4");
        assert_eq!(found(0, 4, [0, 3, 1]), "1/4");
        assert_eq!(found(8, 4, [0, 12, 4]), "3/4");
        assert_eq!(found(8, 4, [0, 15, 4]), "3/4");
        // A task that is submitted again on its own is the whole array.
        assert_eq!(found(7, 1, [7, 7, 1]), "1/1");
        assert_eq!(Shard::of_slurm(|_| None).unwrap(), None);
    }

    #[test]
    fn of_slurm_array_with_gaps_is_an_error_with_a_remedy() {
        let error = task(7, 3, [1, 9, 1]).unwrap_err().to_string();
        assert!(error.contains("found 3 tasks from 1 to 9; `--shard I/N` names the part"), "{error}");
    }
}
