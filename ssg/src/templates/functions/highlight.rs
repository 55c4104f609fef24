//! `highlight_css`: the stylesheet of marked-up code.

use tera::{Error, Kwargs, State, Tera, Value};

use crate::render::highlight::theme::{Choice, css};
use crate::templates::arguments::Arguments;

pub(super) const HIGHLIGHT_CSS: [&str; 2] = ["theme", "scope"];

pub(super) fn register(tera: &mut Tera) {
    tera.register_function("highlight_css", |given: Kwargs, _: &State<'_>| stylesheet(&given));
}

/// CSS that may stand in a style element or a file of its own.
fn stylesheet(given: &Kwargs) -> Result<Value, Error> {
    let arguments = Arguments::new("highlight_css", given, &HIGHLIGHT_CSS)?;
    let word = arguments.text("theme")?.unwrap_or("auto");
    let choice = Choice::WORDS.iter().find(|(known, _)| *known == word);
    let choice = choice.map(|(_, choice)| *choice).ok_or_else(|| {
        let known = Choice::WORDS.map(|(word, _)| word).join(", ");
        arguments.error(format!("`theme` is one of {known}, not `{word}`"))
    })?;
    let scope = arguments.text("scope")?.unwrap_or_default();
    if scope.contains(['<', '{', '}', ';']) {
        return Err(arguments.error(format!("`scope` must be a selector, not `{scope}`")));
    }
    Ok(Value::safe_string(&css(choice, scope)))
}
