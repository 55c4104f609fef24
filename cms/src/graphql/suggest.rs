//! "Did you mean": names that are close to one that does not exist.

/// Names listed at most.
const MOST: usize = 5;

/// ` Did you mean "a", "b", or "c"?`, or nothing.
pub(super) fn did_you_mean(names: &[String]) -> String {
    meant("", names)
}

/// As [`did_you_mean`], with words before the names.
pub(super) fn meant(words: &str, names: &[String]) -> String {
    let names: Vec<String> = names.iter().take(MOST).map(|name| format!("\"{name}\"")).collect();
    let listed = match names.as_slice() {
        [] => return String::new(),
        [one] => one.clone(),
        [one, other] => format!("{one} or {other}"),
        [first @ .., last] => format!("{}, or {last}", first.join(", ")),
    };
    format!(" Did you mean {words}{listed}?")
}

/// Those of `known` that could have been meant by `name`, the closest first.
pub(super) fn close<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Vec<String> {
    let most = name.encode_utf16().count() * 2 / 5 + 1;
    let mut found: Vec<(usize, &str)> =
        known.filter_map(|known| Some((distance(name, known, most)?, known))).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| natural(a.1, b.1)));
    found.into_iter().map(|(_, known)| known.to_owned()).collect()
}

/// Edits between two words, when they are no more than `most`. A change of case is one edit.
fn distance(name: &str, known: &str, most: usize) -> Option<usize> {
    if name == known {
        return Some(0);
    }
    let (lower_name, lower_known) = (name.to_lowercase(), known.to_lowercase());
    if lower_name == lower_known {
        return Some(1);
    }
    let mut a: Vec<u16> = lower_known.encode_utf16().collect();
    let mut b: Vec<u16> = lower_name.encode_utf16().collect();
    if a.len() < b.len() {
        std::mem::swap(&mut a, &mut b);
    }
    if a.len() - b.len() > most {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut up: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut cell = (up[j] + 1).min(row[j - 1] + 1).min(up[j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cell = cell.min(before[j - 2] + 1);
            }
            row.push(cell);
        }
        if row.iter().min().is_some_and(|least| *least > most) {
            return None;
        }
        before = std::mem::replace(&mut up, row);
    }
    up.last().copied().filter(|distance| *distance <= most)
}

/// By characters, numbers in them by their value.
fn natural(a: &str, b: &str) -> std::cmp::Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (mut i, mut j) = (0, 0);
    while let (Some(&x), Some(&y)) = (a.get(i), b.get(j)) {
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let number = |chars: &[char], at: &mut usize| {
                let mut number: u64 = 0;
                while let Some(digit) = chars.get(*at).and_then(|char| char.to_digit(10)) {
                    number = number.saturating_mul(10).saturating_add(u64::from(digit));
                    *at += 1;
                }
                number
            };
            let order = number(&a, &mut i).cmp(&number(&b, &mut j));
            if order.is_ne() {
                return order;
            }
        } else if x != y {
            return x.cmp(&y);
        } else {
            i += 1;
            j += 1;
        }
    }
    a.len().cmp(&b.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, known: &[&str]) -> String {
        did_you_mean(&close(name, known.iter().copied()))
    }

    #[test]
    fn close_names_are_suggested_as_graphql_js_does() {
        assert_eq!(of("titel", &["title", "slug"]), " Did you mean \"title\"?");
        assert_eq!(of("eqq", &["eq", "eqi", "ne"]), " Did you mean \"eq\" or \"eqi\"?");
        assert_eq!(of("foo", &["and", "or", "not", "eq"]), " Did you mean \"not\" or \"or\"?");
        assert_eq!(of("nope", &["title"]), "");
        assert_eq!(of("TITLE", &["title"]), " Did you mean \"title\"?");
        assert_eq!(of("a", &["b", "c", "d"]), " Did you mean \"b\", \"c\", or \"d\"?");
    }
}
