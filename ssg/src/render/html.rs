//! Text inside HTML: escaped, and links that cannot run code.

/// Appends text so that it stands for itself, in content and in double-quoted attributes.
pub fn escape(text: &str, out: &mut String) {
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

/// Appends ` name="value"`.
pub fn attribute(name: &str, value: &str, out: &mut String) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    escape(value, out);
    out.push('"');
}

/// Whether a link may stand in a page. Browsers ignore blanks and control characters in
/// front of and inside a scheme, so they do not count here either.
#[must_use]
pub fn is_safe_link(url: &str) -> bool {
    let visible = url.chars().filter(|c| !c.is_control() && !c.is_whitespace());
    let start: String = visible.take(16).collect::<String>().to_ascii_lowercase();
    !["javascript:", "vbscript:", "data:"].iter().any(|scheme| start.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_text_cannot_leave_its_place() {
        let mut out = String::new();
        attribute("title", "a \"b\" <c> & 'd'", &mut out);
        assert_eq!(out, " title=\"a &quot;b&quot; &lt;c&gt; &amp; &#39;d&#39;\"");
    }

    #[test]
    fn links_that_run_code_are_found_in_disguise() {
        for url in ["javascript:alert(1)", " JavaScript:x", "java\nscript:x", "data:text/html,x"] {
            assert!(!is_safe_link(url), "{url}");
        }
        for url in ["https://example.org", "/a", "#b", "mailto:a@b.c", "javascript/"] {
            assert!(is_safe_link(url), "{url}");
        }
    }
}
