//! Readable ASCII names for URLs and anchors.

use deunicode::deunicode;

/// Letters and digits in lower case, everything else a single `-`:
/// `Größe & Gewicht` → `grosse-gewicht`.
#[must_use]
pub fn slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in deunicode(text).chars() {
        if char.is_ascii_alphanumeric() {
            out.push(char.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') && char != '\'' {
            out.push('-');
        }
    }
    while out.ends_with('-') {
        out.pop();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_script_becomes_a_name() {
        for (text, expected) in [
            ("Größe & Gewicht", "grosse-gewicht"),
            ("  Crème brûlée -- guide ", "creme-brulee-guide"),
            ("It's 100 %", "its-100"),
            ("北京", "bei-jing"),
            ("!?", ""),
        ] {
            assert_eq!(slug(text), expected, "{text}");
        }
    }
}
