//! Escapes of halves of characters in JSON text.
//!
//! JavaScript reads `"\\ud83d"` as half a character and writes its three bytes, which are
//! none; our reader would refuse the whole body.

/// What a half becomes when it is written.
const WRITTEN: &str = "\u{fffd}\u{fffd}\u{fffd}";
/// Bytes of an escape such as `\\ud83d`.
const ESCAPE: usize = 6;

/// The text with those escapes replaced; `None` without any.
pub(super) fn mended(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let mut mended = String::with_capacity(text.len());
    let mut rest = text;
    let mut found = false;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        mended.push_str(before);
        let halves = (half(escape), escape.get(ESCAPE..).and_then(half));
        let length = match halves {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 2 * ESCAPE,
            (Some(_), _) => ESCAPE,
            (None, _) => 2,
        };
        if length == ESCAPE {
            found = true;
            mended.push_str(WRITTEN);
        } else {
            mended.push_str(escape.get(..length)?);
        }
        rest = escape.get(length..)?;
    }
    mended.push_str(rest);
    found.then_some(mended)
}

/// The half an escape at the start of the text stands for.
fn half(text: &str) -> Option<u16> {
    let code = u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()?;
    (0xD800..=0xDFFF).contains(&code).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::mended;

    #[test]
    fn only_halves_are_replaced() {
        let mended = |text: &str| mended(text.as_bytes());
        assert_eq!(mended(r#""\ud83d""#).unwrap(), "\"\u{fffd}\u{fffd}\u{fffd}\"");
        assert_eq!(mended(r#""\udc00 \n""#).unwrap(), "\"\u{fffd}\u{fffd}\u{fffd} \\n\"");
        for whole in [r#""\ud83d\ude00""#, r#""\\ud83d""#, "plain"] {
            assert_eq!(mended(whole), None, "{whole}");
        }
    }
}
