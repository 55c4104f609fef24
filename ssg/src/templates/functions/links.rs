//! `url_for` and `asset`: links to pages and files of the site.

use tera::{Error, Kwargs, State, Tera};

use crate::engine::{Answer, Fingerprint, Key, recorder};
use crate::templates::arguments::Arguments;
use crate::templates::scope::{self, Scope};

pub(super) const URL_FOR: [&str; 2] = ["entry", "locale"];
pub(super) const ASSET: [&str; 1] = ["path"];

/// Names listed in a message about one that does not exist.
const MAX_LISTED: usize = 12;

pub(super) fn register(tera: &mut Tera) {
    tera.register_function("url_for", |given: Kwargs, _: &State<'_>| url_for(&given));
    tera.register_function("asset", |given: Kwargs, _: &State<'_>| asset(&given));
}

fn url_for(given: &Kwargs) -> Result<String, Error> {
    let arguments = Arguments::new("url_for", given, &URL_FOR)?;
    let scope = scope::current()?;
    let shown = arguments.shown("entry")?;
    let locale = arguments.text("locale")?.or(shown.locale).unwrap_or(&scope.locale);
    document_url(&scope, shown.document_id, locale).map_err(|message| arguments.error(message))
}

/// Where a document has its page; the error says why it has none.
pub(crate) fn document_url(scope: &Scope, id: &str, locale: &str) -> Result<String, String> {
    let url = std::iter::once(locale).chain(scope.site.fallbacks.of(locale)).find_map(|locale| {
        let url = scope.urls.url(id, locale);
        let key = Key::Url { document_id: id.into(), locale: locale.into() };
        recorder::record(key, answer(url.as_deref()));
        url
    });
    url.ok_or_else(|| match scope.snapshot.types_with(id).next() {
        None => format!("`{id}` is not published"),
        Some(uid) if scope.urls.has_route(uid) => {
            format!("`{id}` ({uid}) has no page in locale `{locale}`")
        }
        Some(uid) => format!("`{id}` has no page: no route of site.toml has `each = \"{uid}\"`"),
    })
}

fn asset(given: &Kwargs) -> Result<String, Error> {
    let arguments = Arguments::new("asset", given, &ASSET)?;
    let scope = scope::current()?;
    let path = arguments.required_text("path")?.trim_start_matches('/');
    let url = scope.assets.url(path);
    recorder::record(Key::Asset { path: path.into() }, answer(url.as_deref()));
    url.ok_or_else(|| {
        let paths = scope.assets.paths();
        let more = if paths.len() > MAX_LISTED { " …" } else { "" };
        let listed = paths.into_iter().take(MAX_LISTED).collect::<Vec<_>>().join(", ");
        arguments.error(format!("there is no `static/{path}`; there are {listed}{more}"))
    })
}

fn answer(url: Option<&str>) -> Answer {
    Answer::plain(url.map_or(Fingerprint::ABSENT, |url| Fingerprint::of_bytes(url.as_bytes())))
}
