//! SVG files: recognizing them, and the size they name themselves.

/// How much of a file is searched for its size.
pub(crate) const HEAD_BYTES: usize = 64 << 10;
/// Pixels in an inch, as the reference renders.
const DENSITY: f64 = 72.0;

/// Whether the text is an SVG document.
pub(crate) fn is_svg(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    // Declarations, comments and a document type may come first.
    while let Some(after) = rest.strip_prefix("<?").or_else(|| rest.strip_prefix("<!")) {
        let end = if after.starts_with("--") { "-->" } else { ">" };
        match after.split_once(end) {
            Some((_, tail)) => rest = tail.trim_start(),
            None => return false,
        }
    }
    rest.strip_prefix("<svg")
        .is_some_and(|tail| tail.starts_with(|c: char| c.is_whitespace() || c == '>' || c == '/'))
}

/// Width and height: those of the root element, else those of its view box. A length that is
/// missing follows from the other and the shape of the view box.
pub(crate) fn size(text: &str) -> Option<(u32, u32)> {
    let (_, rest) = text.split_once("<svg")?;
    let (tag, body) = rest.split_once('>')?;
    let is_whole = tag.ends_with('/') || body.contains("</svg");
    let length = |name| attribute(tag, name).and_then(pixels);
    let view_box = attribute(tag, "viewBox").and_then(view_box);
    let (width, height) = match (length("width"), length("height"), view_box) {
        (Some(width), Some(height), _) => (width, height),
        (Some(width), None, Some((w, h))) => (width, width * h / w),
        (None, Some(height), Some((w, h))) => (height * w / h, height),
        (None, None, Some(size)) => size,
        _ => return None,
    };
    let side = |length: f64| {
        let is_sane = length.is_finite() && (0.5..1e9).contains(&length);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range is checked"
        )]
        is_sane.then(|| length.round() as u32)
    };
    Some((side(width)?, side(height)?)).filter(|_| is_whole)
}

fn view_box(text: &str) -> Option<(f64, f64)> {
    let parts = text.split([' ', ',']).filter(|part| !part.is_empty());
    let numbers: Vec<f64> = parts.map(str::parse).collect::<Result<_, _>>().ok()?;
    match numbers.as_slice() {
        [_, _, width, height] if *width > 0.0 && *height > 0.0 => Some((*width, *height)),
        _ => None,
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = tag;
    while let Some((before, after)) = rest.split_once(name) {
        let value = after.trim_start().strip_prefix('=').map(str::trim_start);
        if before.ends_with(char::is_whitespace)
            && let Some(value) = value
        {
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            return value.get(1..)?.split(quote).next();
        }
        rest = after;
    }
    None
}

/// A length in any unit but those that depend on the surroundings.
fn pixels(text: &str) -> Option<f64> {
    let text = text.trim();
    let end = text.find(|c: char| c.is_ascii_alphabetic() || c == '%').unwrap_or(text.len());
    let number: f64 = text.get(..end)?.trim().parse().ok()?;
    let factor = match text.get(end..)? {
        "" | "px" => 1.0,
        "pt" => DENSITY / 72.0,
        "pc" => DENSITY / 6.0,
        "in" => DENSITY,
        "cm" => DENSITY / 2.54,
        "mm" => DENSITY / 25.4,
        _ => return None,
    };
    Some(number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_svg_is_recognized_behind_declarations() {
        assert!(is_svg(b"<?xml version='1.0'?><!-- x --><svg xmlns=''>"));
        assert!(!is_svg(b"<svgx>") && !is_svg(b"text <svg>") && !is_svg(b"<?xml"));
    }

    #[test]
    fn an_svg_names_its_size() {
        for (svg, expected) in [
            ("<svg width=\"64\" height='32px'/>", Some((64, 32))),
            ("<svg stroke-width=\"9\" viewBox=\"0 0 20 10.4\"/>", Some((20, 10))),
            ("<svg width='2in' height='3cm'></svg>", Some((144, 85))),
            ("<svg width='30' viewBox='0 0 60 30'/>", Some((30, 15))),
            ("<svg width='100%' height='50%' viewBox='0 0 40 20'/>", Some((40, 20))),
            ("<svg width='30'/>", None),
            ("<svg width='10' height='10'><rect", None),
            ("nothing", None),
        ] {
            assert_eq!(size(svg), expected, "{svg}");
        }
    }
}
