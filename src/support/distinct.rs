//! Lists without repetitions.

/// Returns each item once, in the order of its first occurrence.
pub fn distinct<T: PartialEq>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    for item in items {
        if !found.contains(&item) {
            found.push(item);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_keeps_the_order_of_first_occurrence() {
        assert_eq!(distinct([2, 1, 2, 3, 1]), [2, 1, 3]);
        assert!(distinct::<u8>([]).is_empty());
    }
}
