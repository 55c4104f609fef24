//! Whether a text is an e-mail address, by the rules Strapi's validation library applies.

/// Letters beyond ASCII that may stand anywhere in an address.
fn is_extended(c: char) -> bool {
    matches!(c, '\u{a0}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{ffef}')
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || is_extended(c)
}

fn is_letter_or_digit(c: char) -> bool {
    c.is_ascii_digit() || is_letter(c)
}

fn is_inner(c: char) -> bool {
    is_letter_or_digit(c) || matches!(c, '-' | '.' | '_' | '~')
}

pub(crate) fn is_email(text: &str) -> bool {
    // A quoted local part may hold an `@`, so the last one separates.
    text.rsplit_once('@').is_some_and(|(local, domain)| is_local(local) && is_domain(domain))
}

fn is_local(local: &str) -> bool {
    if let Some(quoted) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return quoted.chars().all(|c| c != '"' && c != '\\' && !c.is_control());
    }
    let is_atom = |c: char| is_letter_or_digit(c) || "!#$%&'*+-/=?^_`{|}~".contains(c);
    local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom))
}

/// One or more labels, then a top-level name that begins and ends with a letter. Inner
/// characters of a label include the dot, so any dot may be the one that separates.
fn is_domain(domain: &str) -> bool {
    let bounded = |part: &str, is_edge: fn(char) -> bool| {
        part.starts_with(is_edge) && part.ends_with(is_edge) && part.chars().all(is_inner)
    };
    domain.match_indices('.').any(|(at, _)| {
        bounded(&domain[..at], is_letter_or_digit) && bounded(&domain[at + 1..], is_letter)
    })
}

#[cfg(test)]
mod tests {
    use super::is_email;

    #[test]
    fn addresses() {
        for fine in ["a@b.co", "UPPER@Example.Test", "a.b+c@d-e.example", "ü@bücher.example"] {
            assert!(is_email(fine), "{fine}");
        }
        for wrong in ["x", "a@b", "@b.co", "a@.co", "a b@c.de", "a@b.c1", "a..b@c.de", "a@-b.de"] {
            assert!(!is_email(wrong), "{wrong}");
        }
    }
}
