//! `markdown`, `blocks`, `toc` and `plain`: what editors write, as a page shows it.

use std::sync::{Arc, OnceLock};

use tera::{Error, Kwargs, Map, State, Tera, Value};

use crate::engine::recorder;
use crate::render::markdown::{self, Cache, Heading, Host, Nowhere, Style};
use crate::render::{blocks, plain};
use crate::templates::arguments::Arguments;
use crate::templates::host::PageHost;
use crate::templates::scope;

const STYLE: [&str; 5] = ["smart", "highlight", "heading_links", "untrusted", "shift"];
const TOC: [&str; 4] = ["min", "max", "shift", "untrusted"];
const PLAIN: [&str; 1] = ["length"];
/// The table of site.toml every text depends on.
const SETTINGS: &str = "markdown";

/// Headings a table of contents has when a template does not say.
const LEVELS: (u64, u64) = (2, 3);

/// What everything that shows texts shares.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    /// How texts are shown; known once site.toml is.
    style: OnceLock<Style>,
    cache: Cache,
}

pub(super) fn register(tera: &mut Tera, texts: &Arc<Texts>) {
    let shared = Arc::clone(texts);
    tera.register_filter("markdown", move |value: &Value, given: Kwargs, _: &State<'_>| {
        shared.markdown(value, &given)
    });
    let shared = Arc::clone(texts);
    tera.register_filter("blocks", move |value: &Value, given: Kwargs, _: &State<'_>| {
        shared.blocks(value, &given)
    });
    let shared = Arc::clone(texts);
    tera.register_filter("toc", move |value: &Value, given: Kwargs, _: &State<'_>| {
        shared.toc(value, &given)
    });
    tera.register_filter("plain", |value: &Value, given: Kwargs, _: &State<'_>| {
        plain_filter(value, &given)
    });
}

impl Texts {
    /// Says how texts are shown; once, before anything is rendered.
    pub(crate) fn set_style(&self, style: &Style) {
        drop(self.style.set(style.clone()));
    }

    /// A text that is null shows nothing, as everywhere in a template.
    fn markdown(&self, value: &Value, given: &Kwargs) -> Result<Value, Error> {
        let arguments = Arguments::new("markdown", given, &STYLE)?;
        if value.is_none() {
            return Ok(Value::safe_string(""));
        }
        let text = value
            .as_str()
            .ok_or_else(|| arguments.error(format!("text is expected, not a {}", value.name())))?;
        self.rendered(text, value, &self.style(&arguments)?).map_err(|why| arguments.error(why))
    }

    fn blocks(&self, value: &Value, given: &Kwargs) -> Result<Value, Error> {
        let arguments = Arguments::new("blocks", given, &STYLE)?;
        if value.is_none() {
            return Ok(Value::safe_string(""));
        }
        self.built(value, &self.style(&arguments)?).map_err(|why| arguments.error(why))
    }

    /// Markdown or blocks in the site's style, for functions that show texts.
    pub(crate) fn shown(&self, value: &Value, arguments: &Arguments<'_>) -> Result<Value, Error> {
        let style = self.site_style()?;
        let shown = match value.as_str() {
            Some(text) => self.rendered(text, value, &style),
            None => self.built(value, &style),
        };
        shown.map_err(|why| arguments.error(why))
    }

    fn rendered(&self, text: &str, value: &Value, style: &Style) -> Result<Value, String> {
        let shown = self.cache.render(text, style, host());
        shown.inspect_err(|_| scope::blame(value))
    }

    fn built(&self, value: &Value, style: &Style) -> Result<Value, String> {
        match blocks::to_html(value, style, host()) {
            Ok(html) => Ok(Value::safe_string(&html)),
            Err(error) => {
                scope::blame(value);
                Err(error.to_string())
            }
        }
    }

    /// The headings of a text, each with those below it.
    fn toc(&self, value: &Value, given: &Kwargs) -> Result<Value, Error> {
        let arguments = Arguments::new("toc", given, &TOC)?;
        let style = self.style(&arguments)?;
        let headings = match (value.as_str(), value.as_array()) {
            (Some(text), _) => markdown::headings(text, &style),
            (None, Some(_)) => blocks::headings(value, &style),
            (None, None) if value.is_none() => Vec::new(),
            (None, None) => {
                let message = format!("text or blocks are expected, not a {}", value.name());
                return Err(arguments.error(message));
            }
        };
        let least = arguments.whole("min")?.unwrap_or(LEVELS.0);
        let most = arguments.whole("max")?.unwrap_or(LEVELS.1.max(least));
        let wanted = |heading: &Heading| (least..=most).contains(&(heading.level as u64));
        let headings: Vec<_> = headings.into_iter().filter(wanted).collect();
        Ok(nested(&headings))
    }

    /// How texts are shown here; the page depends on it.
    fn site_style(&self) -> Result<Style, Error> {
        let mut style = self.style.get().cloned().unwrap_or_default();
        if recorder::is_recording() {
            let scope = scope::current()?;
            scope.note_config(SETTINGS);
            style.locale = scope.locale.to_string();
        }
        Ok(style)
    }

    /// The site's style with what the template says about this text.
    fn style(&self, arguments: &Arguments<'_>) -> Result<Style, Error> {
        let mut style = self.site_style()?;
        for (name, flag) in [
            ("smart", &mut style.smart),
            ("highlight", &mut style.highlight),
            ("heading_links", &mut style.heading_links),
            ("untrusted", &mut style.untrusted),
        ] {
            *flag = arguments.flag(name)?.unwrap_or(*flag);
        }
        if let Some(shift) = arguments.whole("shift")? {
            style.shift = usize::try_from(shift).unwrap_or(usize::MAX).min(5);
        }
        Ok(style)
    }
}

fn host() -> &'static dyn Host {
    if recorder::is_recording() { &PageHost } else { &Nowhere }
}

/// A list of `{level, id, title, children}`.
fn nested(headings: &[Heading]) -> Value {
    let mut items = Vec::new();
    let mut rest = headings;
    while let Some((heading, after)) = rest.split_first() {
        let below = after.iter().take_while(|other| other.level > heading.level).count();
        let (children, next) = after.split_at(below);
        let mut map = Map::new();
        map.insert("level".into(), Value::from(heading.level as u64));
        map.insert("id".into(), Value::from(heading.id.as_str()));
        map.insert("title".into(), Value::from(heading.title.as_str()));
        map.insert("children".into(), nested(children));
        items.push(Value::from(map));
        rest = next;
    }
    Value::from(items)
}

/// The words of a text or of blocks alone.
fn plain_filter(value: &Value, given: &Kwargs) -> Result<String, Error> {
    let arguments = Arguments::new("plain", given, &PLAIN)?;
    let words = match (value.as_str(), value.as_array()) {
        (Some(text), _) => plain::of_markdown(text),
        (None, Some(_)) => blocks::plain(value),
        (None, None) if value.is_none() => String::new(),
        (None, None) => {
            let message = format!("text or blocks are expected, not a {}", value.name());
            return Err(arguments.error(message));
        }
    };
    Ok(match arguments.whole("length")? {
        None => words,
        Some(length) => plain::shortened(&words, usize::try_from(length).unwrap_or(usize::MAX)),
    })
}
