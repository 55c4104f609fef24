//! Query parameters that a redirect asks for: `id=:id`.
//!
//! Values are compared and passed on as they stand in the address, encoded:
//! nginx has no other view of them.

use super::name_length;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub name: String,
    pub value: Wanted,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    Literal(String),
    /// Any value but an empty one, under this name in the target.
    Named(String),
}

impl Condition {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let Some((name, value)) = text.split_once('=') else {
            return Err(format!("`{text}` is no query parameter; expected `name=value`"));
        };
        let plain = |text: &str| {
            text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%+[]:,@!".contains(&b))
        };
        if name.is_empty() || !plain(name) || !plain(value) {
            return Err(format!("`{text}`: name and value must be encoded as in an address"));
        }
        let value = match value.strip_prefix(':') {
            Some(named) if named.is_empty() || name_length(named) != named.len() => {
                return Err(format!("`{text}`: `{value}` is no placeholder; expected `:name`"));
            }
            Some(named) => Wanted::Named(named.to_owned()),
            None => Wanted::Literal(value.to_owned()),
        };
        Ok(Self { name: name.to_owned(), value })
    }

    /// The parameter's value, of the first that fits.
    #[must_use]
    pub fn find<'q>(&self, query: &'q str) -> Option<&'q str> {
        let mut values = query.split('&').filter_map(|part| {
            let (name, value) = part.split_once('=')?;
            (name == self.name).then_some(value)
        });
        match &self.value {
            Wanted::Literal(literal) => values.find(|value| value == literal),
            Wanted::Named(_) => values.find(|value| !value.is_empty()),
        }
    }

    pub(super) fn placeholder(&self) -> Option<&str> {
        match &self.value {
            Wanted::Named(name) => Some(name),
            Wanted::Literal(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_that_fits_counts() {
        let find = |condition: &str, query| Condition::parse(condition).unwrap().find(query);
        assert_eq!(find("id=:id", "a=1&id=&id=5&id=6"), Some("5"));
        assert_eq!(find("id=5", "id=4&id=5"), Some("5"));
        assert_eq!(find("id=5", "id=55"), None);
        assert_eq!(find("id=", "id="), Some(""));
        assert_eq!(find("id=:id", "ID=5"), None);
    }
}
