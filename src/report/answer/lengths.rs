//! The length up to which a task is solved.

use super::words::{Labels, named};
use crate::report::group_by::group_by;
use crate::settings::Settings;

/// The words for settings of which some run fails at the shortest T.
const NOWHERE: &str = "but not even at the shortest T";

/// A sentence on the largest T up to which every run solves the task, by the other settings; none unless T
/// varies. The flag of a setting says that all of its runs solve the task.
pub fn sentence(solved: &[(&Settings, bool)]) -> Option<String> {
    let labels = Labels::of(&solved.iter().map(|(point, _)| *point).collect::<Vec<_>>());
    labels.dim("seq_len").filter(|dim| dim.names == ["seq_len"])?;
    let others = labels.without("seq_len");
    let mut groups = group_by(solved.iter(), |(point, _)| others.label(point));
    let mut reached: Vec<(Option<usize>, &Settings)> = Vec::new();
    for (_, members) in &mut groups {
        members.sort_by_key(|(point, _)| point.seq_len);
        let last = members.iter().take_while(|(_, is_solved)| *is_solved).last();
        reached.push((last.map(|(point, _)| point.seq_len), members[0].0));
    }
    reached.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    let mut parts: Vec<String> = Vec::new();
    for (length, members) in group_by(reached.iter().copied(), |(length, _)| *length) {
        let points: Vec<&Settings> = members.iter().map(|(_, point)| *point).collect();
        let up_to = length.map_or(NOWHERE.to_string(), |length| format!("up to T = {length}"));
        parts.push(match others.count() {
            0 => up_to,
            _ => format!(
                "{up_to} at {} of {} settings ({})",
                points.len(),
                groups.len(),
                named(&points, &others)
            ),
        });
    }
    if reached.iter().all(|(length, _)| length.is_none()) {
        return Some("At no length does every run solve the task.".to_string());
    }
    Some(format!("Every run solves the task {}.", parts.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellName::{Lstm, Rnn};
    use crate::report::fixtures::training;

    #[test]
    fn sentence_counts_lengths_until_the_first_that_is_not_solved() {
        let point = |cell, seq_len| Settings { cell: Some(cell), seq_len, ..training("a", 1).settings };
        let points = [
            (point(Lstm, 200), true),
            (point(Lstm, 50), true),
            (point(Lstm, 100), false),
            (point(Rnn, 50), false),
            (point(Rnn, 100), false),
        ];
        let of = |points: &[(Settings, bool)]| {
            sentence(&points.iter().map(|(point, is_solved)| (point, *is_solved)).collect::<Vec<_>>())
        };
        let expected = "Every run solves the task up to T = 50 at 1 of 2 settings (lstm), but not even at \
                        the shortest T at 1 of 2 settings (rnn).";
        assert_eq!(of(&points).as_deref(), Some(expected));
        assert_eq!(of(&points[..2]).as_deref(), Some("Every run solves the task up to T = 200."));
        assert_eq!(of(&points[..1]), None, "T does not vary");
        assert_eq!(of(&points[3..]).as_deref(), Some("At no length does every run solve the task."));
    }
}
