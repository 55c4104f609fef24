//! Finds the line of a key path in JSON text, which a parsed value has forgotten.

/// The line, counted from 1, of the deepest key of `path` that exists in `text`. The text
/// must be valid JSON; anything else gives line 1.
pub(super) fn of(text: &str, path: &[String]) -> usize {
    let mut scanner = Scanner { bytes: text.as_bytes(), at: 0 };
    let offset = scanner.find(path).unwrap_or(0);
    1 + text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count()
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    /// The offset of the deepest key found; the scanner stands before a value.
    fn find(&mut self, path: &[String]) -> Option<usize> {
        let (wanted, rest) = path.split_first()?;
        self.blanks();
        if self.peek()? != b'{' {
            return None;
        }
        self.at += 1;
        loop {
            self.blanks();
            match self.peek()? {
                b'"' => {
                    let start = self.at;
                    let key = self.string()?;
                    self.blanks();
                    self.at += 1; // the colon
                    if key == wanted.as_str() {
                        return self.find(rest).or(Some(start));
                    }
                    self.skip()?;
                }
                b',' => self.at += 1,
                _ => return None,
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Reads a string and returns its text as written, escapes included.
    fn string(&mut self) -> Option<String> {
        let start = self.at + 1;
        self.at = start;
        loop {
            match self.peek()? {
                b'\\' => self.at += 2,
                b'"' => break,
                _ => self.at += 1,
            }
        }
        let text = self.bytes.get(start..self.at)?;
        self.at += 1;
        Some(String::from_utf8_lossy(text).into_owned())
    }

    /// Moves behind the next value.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0usize;
        loop {
            self.blanks();
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' => {
                    self.at += 1;
                    continue;
                }
                _ => self.literal(),
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn literal(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    const TEXT: &str = r#"{
  "kind": "collectionType",
  "list": [1, {"type": "x"}, "a\"b"],
  "attributes": {
    "title": { "type": "string" },
    "cover": {
      "type": "media",
      "multiple": false
    }
  }
}"#;

    fn line(path: &[&str]) -> usize {
        of(TEXT, &path.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn finds_keys_at_any_depth() {
        assert_eq!(line(&["kind"]), 2);
        assert_eq!(line(&["attributes", "title"]), 5);
        assert_eq!(line(&["attributes", "cover", "multiple"]), 8);
    }

    #[test]
    fn a_missing_key_is_reported_at_its_parent() {
        assert_eq!(line(&["attributes", "cover", "target"]), 6);
        assert_eq!(line(&["nothing", "here"]), 1);
        assert_eq!(line(&[]), 1);
    }

    #[test]
    fn text_that_is_no_json_is_line_one() {
        assert_eq!(of("{\"a\": {\"b\": ", &["a".into(), "c".into()]), 1);
        assert_eq!(of("", &["a".into()]), 1);
    }
}
