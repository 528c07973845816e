//! Grouping of rows by a key.

/// Rows with equal keys, in the order of the first row of each key.
pub fn group_by<K: PartialEq, R>(
    rows: impl IntoIterator<Item = R>,
    key: impl Fn(&R) -> K,
) -> Vec<(K, Vec<R>)> {
    let mut groups: Vec<(K, Vec<R>)> = Vec::new();
    for row in rows {
        let found = key(&row);
        match groups.iter_mut().rev().find(|(known, _)| *known == found) {
            Some((_, members)) => members.push(row),
            None => groups.push((found, vec![row])),
        }
    }
    groups
}
