//! Code with its parts marked by class names, for stylesheets to colour.
//!
//! The classes are few and ours: a grammar knows hundreds of names for what readers see as a
//! keyword or a string, and a page should not carry them.

pub mod theme;

use std::sync::LazyLock;

use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxSet};

use super::html::{attribute, escape};

/// Every language there is a grammar for. Unpacked once, when the first code block is shown.
static LANGUAGES: LazyLock<SyntaxSet> = LazyLock::new(two_face::syntax::extra_newlines);

/// Longer code is shown plain: it is a file, and nobody reads its colours.
const MAX_BYTES: usize = 256 * 1024;

/// What grammars call things, with the class it gets; an empty one begins something new, such
/// as code inside a string. The most exact name that a part has counts.
const CLASSES: [(&str, &str); 37] = [
    ("comment", "c"),
    ("constant.character.escape", "e"),
    ("constant.other.placeholder", "e"),
    ("string", "s"),
    ("constant.numeric", "n"),
    ("constant", "l"),
    ("keyword.operator.word", "k"),
    ("keyword.operator", "o"),
    ("keyword", "k"),
    ("storage", "k"),
    ("entity.name.function", "f"),
    ("entity.name.tag", "g"),
    ("entity.name.section", "h"),
    ("entity.name", "t"),
    ("entity.other.attribute-name", "a"),
    ("entity.other.inherited-class", "t"),
    ("support.function", "f"),
    ("support.macro", "f"),
    ("variable.function", "f"),
    ("support.type.property-name", "a"),
    ("support.constant", "l"),
    ("support", "t"),
    ("variable.language", "k"),
    ("variable.parameter", "v"),
    ("variable.other.readwrite.shell", "v"),
    ("markup.inserted", "i"),
    ("markup.deleted", "d"),
    ("markup.heading", "h"),
    ("markup.bold", "b"),
    ("markup.italic", "m"),
    ("markup.raw", "s"),
    ("meta.diff.header", "h"),
    ("invalid", "x"),
    ("meta.interpolation", ""),
    ("meta.embedded", ""),
    ("meta.template.expression", ""),
    ("source", ""),
];

static SCOPES: LazyLock<Vec<(Scope, &'static str)>> = LazyLock::new(|| {
    CLASSES.iter().filter_map(|(name, class)| Some((Scope::new(name).ok()?, *class))).collect()
});

/// A code block in a known language as HTML; none when there is no such language.
#[must_use]
pub fn block(code: &str, language: &str) -> Option<String> {
    if language.is_empty() || code.len() > MAX_BYTES {
        return None;
    }
    let syntax = LANGUAGES.find_syntax_by_token(language)?;
    let mut state = ParseState::new(syntax);
    let mut stack = ScopeStack::new();
    let mut writer = Writer { out: String::with_capacity(code.len() * 2), open: "" };
    for line in code.split_inclusive('\n') {
        let changes = state.parse_line(line, &LANGUAGES).ok()?;
        let mut from = 0;
        for (at, change) in changes {
            writer.part(line.get(from..at)?, &stack);
            stack.apply(&change).ok()?;
            from = at;
        }
        writer.part(line.get(from..)?, &stack);
    }
    writer.class("");
    let mut html = String::from("<pre class=\"hl\" tabindex=\"0\"><code");
    attribute("class", &format!("language-{language}"), &mut html);
    html.push('>');
    Some(html + &writer.out + "</code></pre>\n")
}

struct Writer {
    out: String,
    /// The class of the open element; empty when none is open.
    open: &'static str,
}

impl Writer {
    fn part(&mut self, text: &str, stack: &ScopeStack) {
        if text.is_empty() {
            return;
        }
        // Blanks look alike whatever they belong to.
        if !text.trim().is_empty() {
            self.class(class_of(stack));
        }
        escape(text, &mut self.out);
    }

    fn class(&mut self, class: &'static str) {
        if class == self.open {
            return;
        }
        if !self.open.is_empty() {
            self.out.push_str("</span>");
        }
        if !class.is_empty() {
            self.out.push_str("<span class=\"hl-");
            self.out.push_str(class);
            self.out.push_str("\">");
        }
        self.open = class;
    }
}

fn class_of(stack: &ScopeStack) -> &'static str {
    let named = |scope: &Scope| {
        SCOPES.iter().find(|(name, _)| name.is_prefix_of(*scope)).map(|(_, class)| *class)
    };
    stack.scopes.iter().rev().find_map(named).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_marked_by_few_classes_and_its_text_stays() {
        let html = block("fn a() {\n    // <b>\n    \"x\\n\"\n}\n", "rust").unwrap();
        assert_eq!(
            html,
            "<pre class=\"hl\" tabindex=\"0\"><code class=\"language-rust\"><span class=\"hl-k\">fn \
             </span><span class=\"hl-f\">a</span>() {\n    <span class=\"hl-c\">// &lt;b&gt;\n    \
             </span><span class=\"hl-s\">&quot;x</span><span class=\"hl-e\">\\n</span><span \
             class=\"hl-s\">&quot;\n</span>}\n</code></pre>\n"
        );
    }

    #[test]
    fn usual_languages_are_known_by_their_usual_names() {
        for name in [
            "rust",
            "rs",
            "js",
            "ts",
            "tsx",
            "python",
            "py",
            "toml",
            "yaml",
            "json",
            "sh",
            "bash",
            "html",
            "css",
            "scss",
            "go",
            "java",
            "c",
            "cpp",
            "sql",
            "diff",
            "dockerfile",
            "php",
            "ruby",
            "kotlin",
            "swift",
            "xml",
            "markdown",
            "ini",
            "nginx",
        ] {
            assert!(block("x\n", name).is_some(), "{name}");
        }
        assert!(block("x", "no such language").is_none());
        assert!(block("x", "").is_none());
    }
}
