//! Which known name somebody meant who wrote another one.

/// `; did you mean …?`, as the end of a message; empty when nothing is near.
pub(crate) fn hint<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
    meant(wrong, known).map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// The known name that is nearest, if one is near enough to be meant.
pub(crate) fn meant<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (short, lower) = (wrong.chars().count(), wrong.to_lowercase());
    let near = known.filter_map(|name| {
        let limit = (short.max(name.chars().count()) / 3).max(1);
        let distance = distance(&lower, &name.to_lowercase());
        (distance <= limit && distance < short).then_some((distance, name))
    });
    near.min().map(|(_, name)| name)
}

/// Edits from one text to another (Levenshtein, with letters that changed places as one).
pub(crate) fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut above: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, char) in one.iter().enumerate() {
        let mut next = vec![at + 1];
        for (with, known) in other.iter().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX - 1);
            let changed = cell(&row, with) + usize::from(char != known);
            let mut best = changed.min(cell(&next, with) + 1).min(cell(&row, with + 1) + 1);
            let before = (at.checked_sub(1), with.checked_sub(1));
            if let (Some(earlier), Some(left)) = before
                && one.get(earlier) == Some(known)
                && other.get(left) == Some(char)
            {
                best = best.min(cell(&above, left) + 1);
            }
            next.push(best);
        }
        above = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_edits() {
        for (one, other, edits) in [
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("same", "same", 0),
            ("titel", "title", 1),
        ] {
            assert_eq!(distance(one, other), edits, "{one} {other}");
        }
    }

    #[test]
    fn the_nearest_name_is_meant_unless_nothing_is_near() {
        let known = ["title", "subtitle", "slug", "publishedOn", "body"];
        for (wrong, expected) in [
            ("titel", Some("title")),
            ("Title", Some("title")),
            ("publishedon", Some("publishedOn")),
            ("slugg", Some("slug")),
            ("author", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(meant(wrong, known.into_iter()), expected, "{wrong}");
        }
        assert_eq!(hint("titel", known.into_iter()), "; did you mean `title`?");
    }
}
