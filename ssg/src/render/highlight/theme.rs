//! Stylesheets for marked-up code: one for light pages, one for dark ones.

/// A class with what it is for, as colours on the theme's background.
struct Theme {
    background: &'static str,
    text: &'static str,
    colours: [(&'static str, &'static str); 15],
}

const LIGHT: Theme = Theme {
    background: "#f5f4f1",
    text: "#23272e",
    colours: [
        ("c", "#616770"),
        ("s", "#1d6030"),
        ("e", "#7a4a00"),
        ("n", "#8a3b00"),
        ("l", "#8a3b00"),
        ("k", "#8c1a55"),
        ("o", "#4d5560"),
        ("f", "#1a4fa0"),
        ("t", "#0d6069"),
        ("g", "#1a4fa0"),
        ("a", "#6b4a00"),
        ("v", "#5a3a8c"),
        ("h", "#1a4fa0"),
        ("i", "#1d6030"),
        ("d", "#a11d1d"),
    ],
};

const DARK: Theme = Theme {
    background: "#171b20",
    text: "#dfe3e8",
    colours: [
        ("c", "#939ca7"),
        ("s", "#9fd3a2"),
        ("e", "#e8c27a"),
        ("n", "#f0ab7c"),
        ("l", "#f0ab7c"),
        ("k", "#f29cc4"),
        ("o", "#b5bec9"),
        ("f", "#93bdf7"),
        ("t", "#7fd0d9"),
        ("g", "#93bdf7"),
        ("a", "#e3c78a"),
        ("v", "#cbb2f5"),
        ("h", "#93bdf7"),
        ("i", "#9fd3a2"),
        ("d", "#f5a3a3"),
    ],
};

/// Which themes a stylesheet has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    Light,
    Dark,
    /// Light, and dark where the reader's system is.
    Auto,
}

impl Choice {
    /// The words `highlight_css` accepts.
    pub const WORDS: [(&'static str, Self); 3] =
        [("light", Self::Light), ("dark", Self::Dark), ("auto", Self::Auto)];
}

/// The stylesheet. `scope` is put before each selector: a page with a switch asks for
/// the dark theme below `[data-theme=dark]`.
#[must_use]
pub fn css(choice: Choice, scope: &str) -> String {
    let mut out = String::new();
    match choice {
        Choice::Light => rules(&LIGHT, scope, &mut out),
        Choice::Dark => rules(&DARK, scope, &mut out),
        Choice::Auto => {
            rules(&LIGHT, scope, &mut out);
            out.push_str("@media (prefers-color-scheme: dark) {\n");
            rules(&DARK, scope, &mut out);
            out.push_str("}\n");
        }
    }
    out
}

fn rules(theme: &Theme, scope: &str, out: &mut String) {
    let at = if scope.is_empty() { String::new() } else { format!("{scope} ") };
    let Theme { background, text, colours } = theme;
    out.push_str(&format!("{at}.hl {{ background: {background}; color: {text}; }}\n"));
    for (class, colour) in colours {
        out.push_str(&format!("{at}.hl-{class} {{ color: {colour}; }}\n"));
    }
    out.push_str(&format!("{at}.hl-h, {at}.hl-b {{ font-weight: bold; }}\n"));
    out.push_str(&format!("{at}.hl-m {{ font-style: italic; }}\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG's relative luminance.
    fn luminance(colour: &str) -> f64 {
        let part = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }

    #[test]
    fn every_colour_can_be_read() {
        for theme in [LIGHT, DARK] {
            for colour in theme.colours.map(|(_, colour)| colour).iter().chain([&theme.text]) {
                let (one, other) = (luminance(colour), luminance(theme.background));
                let contrast = (one.max(other) + 0.05) / (one.min(other) + 0.05);
                assert!(contrast >= 5.0, "{colour} on {}: {contrast:.2}", theme.background);
            }
        }
    }

    #[test]
    fn a_stylesheet_has_the_themes_asked_for() {
        let auto = css(Choice::Auto, "");
        assert!(auto.contains(LIGHT.background) && auto.contains("@media"), "{auto}");
        let dark = css(Choice::Dark, "[data-theme=dark]");
        assert!(dark.starts_with("[data-theme=dark] .hl { background: #171b20"), "{dark}");
        assert!(!dark.contains(LIGHT.background));
    }
}
