//! `_redirects`, line by line: `from [name=value…] to [status][!]`.

use super::{
    origin::Origin,
    query::Condition,
    target::{Destination, Target},
};

const DEFAULT_STATUS: u16 = 301;
const STATUSES: &str = "200, 301, 302, 303, 307, 308, 404 or 410";
/// Netlify's conditions, which need to know more than the address.
const CONDITIONS: [&str; 5] = ["country", "language", "role", "cookie", "sign"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    pub line: usize,
    pub origin: Origin,
    pub conditions: Vec<Condition>,
    /// None: the site's own page for what is not there.
    pub target: Option<Target>,
    pub status: u16,
    /// Also where a file stands.
    pub force: bool,
}

/// The rules, and each mistake with its line.
pub(super) fn parse(text: &str) -> (Vec<Redirect>, Vec<(usize, String)>) {
    let (mut rules, mut errors) = (Vec::new(), Vec::new());
    for (number, row) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let words: Vec<_> =
            row.split_whitespace().take_while(|word| !word.starts_with('#')).collect();
        if words.is_empty() {
            continue;
        }
        match rule(number + 1, &words) {
            Ok(rule) => rules.push(rule),
            Err(message) => errors.push((number + 1, message)),
        }
    }
    errors.extend(circles(&rules));
    (rules, errors)
}

fn rule(line: usize, words: &[&str]) -> Result<Redirect, String> {
    let mut words = words.iter().copied().peekable();
    let origin = Origin::parse(words.next().unwrap_or_default())?;
    let mut conditions = Vec::new();
    while let Some(word) = words.next_if(|word| is_parameter(word)) {
        conditions.push(Condition::parse(word)?);
    }
    let to = words.next_if(|word| status(word).is_none());
    let (status, force) = match words.next() {
        Some(word) => status(word).ok_or_else(|| {
            refused(word).unwrap_or_else(|| {
                format!("`{word}` is no status; expected {STATUSES}, with `!` to force it")
            })
        })?,
        None => (DEFAULT_STATUS, false),
    };
    if let Some(word) = words.next() {
        return Err(refused(word).unwrap_or_else(|| {
            format!("`{word}` is left over; expected `from [name=value…] to [status][!]`")
        }));
    }
    check_names(&origin, &conditions)?;
    let (path, query) = (origin.names(), placeholders(&conditions));
    let target = match (to, status) {
        (None, 404 | 410) => None,
        (None, _) => return Err(format!("a target is missing; status {status} needs one")),
        (Some(to), 200 | 404 | 410) => Some(Target::file(to, &path, &query)?),
        (Some(to), _) => Some(Target::address(to, &path, &query)?),
    };
    Ok(Redirect { line, origin, conditions, target, status, force })
}

fn placeholders(conditions: &[Condition]) -> Vec<Option<&str>> {
    conditions.iter().map(Condition::placeholder).collect()
}

fn check_names(origin: &Origin, conditions: &[Condition]) -> Result<(), String> {
    let mut names = origin.names();
    for name in placeholders(conditions).into_iter().flatten() {
        if names.contains(&name) {
            return Err(format!("there is more than one `:{name}`"));
        }
        names.push(name);
    }
    Ok(())
}

fn is_parameter(word: &str) -> bool {
    word.contains('=') && !word.starts_with('/') && !word.contains("://")
}

/// `301` or `301!`
fn status(word: &str) -> Option<(u16, bool)> {
    let (digits, force) = word.strip_suffix('!').map_or((word, false), |digits| (digits, true));
    let status = digits.parse().ok()?;
    matches!(status, 200 | 301 | 302 | 303 | 307 | 308 | 404 | 410).then_some((status, force))
}

fn refused(word: &str) -> Option<String> {
    let (name, _) = word.split_once('=')?;
    CONDITIONS.contains(&name.to_ascii_lowercase().as_str()).then(|| {
        format!(
            "`{word}`: the condition `{name}` is not supported; a rule can only ask for the path \
             and query parameters"
        )
    })
}

/// Redirects between literal paths that lead back to where they began.
fn circles(rules: &[Redirect]) -> Vec<(usize, String)> {
    let next = |path: &str| {
        let rule = rules.iter().find(|rule| rule.origin.captures(path).is_some())?;
        let to = rule.target.as_ref().filter(|_| rule.conditions.is_empty())?;
        let address = matches!(to.destination, Destination::Address { .. });
        let to = to.literal().filter(|_| address)?;
        Some(to.split('?').next().unwrap_or(to).to_owned())
    };
    let leads_back = |rule: &&Redirect| {
        let Some(start) = rule.origin.literal() else { return false };
        let mut at = start.clone();
        for _ in 0..rules.len() {
            let Some(to) = next(&at) else { return false };
            if rule.origin.captures(&to).is_some() {
                return true;
            }
            at = to;
        }
        false
    };
    let circular = rules.iter().filter(leads_back);
    circular.map(|rule| (rule.line, "this redirect leads back to itself".to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(row: &str) -> String {
        let (_, errors) = parse(row);
        errors.first().unwrap_or_else(|| panic!("`{row}` is accepted")).1.clone()
    }

    #[test]
    fn every_form_of_a_line_is_read() {
        let (rules, errors) = parse(
            "# a comment\n\n/a /b\n/c /d 302! # another\n/e id=:id x=1 /f/:id 307\n/g 410\n\
             /h/* /i/:splat 200\n/j /k#there\n/l https://example.org/ 308\n",
        );
        assert_eq!(errors, []);
        let seen: Vec<_> = rules.iter().map(|rule| (rule.line, rule.status, rule.force)).collect();
        assert_eq!(
            seen,
            [
                (3, 301, false),
                (4, 302, true),
                (5, 307, false),
                (6, 410, false),
                (7, 200, false),
                (8, 301, false),
                (9, 308, false)
            ]
        );
    }

    #[test]
    fn mistakes_are_explained() {
        for (row, part) in [
            ("/a", "a target is missing"),
            ("/a /b 418", "expected 200, 301"),
            ("/a /b 301 x", "left over"),
            ("/a /b 302 Country=au,nz", "`Country` is not supported"),
            ("/a /b Language=de", "`Language` is not supported"),
            ("/a /b 200! Role=admin", "`Role` is not supported"),
            ("/a id=:x /:y", "called `:y`"),
            ("/:x x=:x /:x", "more than one `:x`"),
            ("/a https://example.org/ 200", "not of this site"),
            ("/a /a/", "back to itself"),
            ("/a /b\n/b /a", "back to itself"),
        ] {
            let message = error(row);
            assert!(message.contains(part), "{row}: {message}");
        }
        assert_eq!(parse("/ok /x\n/a /b 9\n").1[0].0, 2);
    }
}
