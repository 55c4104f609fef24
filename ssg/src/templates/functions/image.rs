//! `image`: the URL of a picture from the media library at a fitting size.
//!
//! With a width alone it is the smallest of the sizes that the CMS made; whatever else is
//! asked for is made by the site.

use tera::{Error, Kwargs, Map, State, Tera, Value};

use super::variants::{self, Shown};
use crate::content::value::get;
use crate::pictures::Format;
use crate::templates::arguments::Arguments;
use crate::templates::scope;

pub(super) const IMAGE: [&str; 7] =
    ["file", "width", "height", "fit", "focal", "format", "quality"];

pub(super) fn register(tera: &mut Tera) {
    tera.register_function("image", |given: Kwargs, _: &State<'_>| image(&given));
}

fn image(given: &Kwargs) -> Result<String, Error> {
    let arguments = Arguments::new("image", given, &IMAGE)?;
    let file = variants::file(&arguments)?;
    let url = url_of(file)
        .ok_or_else(|| arguments.error("`file` has no `url`; is it left out by `fields`?"))?;
    let formats = get(file, "formats").and_then(Value::as_map);
    let word = arguments.text("format")?;
    let format = word.and_then(Format::of);
    if let Some(name) = word.filter(|_| format.is_none()) {
        let format = formats.and_then(|formats| get(formats, name)).and_then(Value::as_map);
        return Ok(format.and_then(url_of).unwrap_or(url).to_owned());
    }
    let own = ["height", "fit", "focal", "format", "quality"];
    if own.iter().any(|name| arguments.get(name).is_some()) {
        return variant(&arguments, file, url, format);
    }
    let Some(width) = arguments.whole("width")? else { return Ok(url.to_owned()) };
    let sizes = formats.into_iter().flat_map(|formats| formats.values());
    let sizes = sizes.filter_map(Value::as_map).filter_map(|size| Some((width_of(size)?, size)));
    let fitting = sizes.filter(|(size, _)| *size >= width);
    // The smallest that is large enough, by name where two are alike.
    let best = fitting.filter_map(|(size, map)| Some((size, url_of(map)?))).min();
    Ok(best.map_or(url, |(_, url)| url).to_owned())
}

fn variant(
    arguments: &Arguments<'_>,
    file: &Map,
    url: &str,
    format: Option<Format>,
) -> Result<String, Error> {
    let scope = scope::current()?;
    let wanted = variants::wanted(arguments, file)?;
    let quality = variants::quality(arguments)?;
    let shown = Shown::of(&scope, file, url, false);
    let format = format.unwrap_or(Format::Webp);
    let shape = shown.size().map(|size| wanted.shape(size));
    let made = shape.and_then(|shape| shown.variant(&scope, shape, format, quality));
    Ok(made.unwrap_or_else(|| url.to_owned()))
}

pub(super) fn url_of(file: &Map) -> Option<&str> {
    get(file, "url").and_then(Value::as_str).filter(|url| !url.is_empty())
}

fn width_of(size: &Map) -> Option<u64> {
    get(size, "width").and_then(Value::as_u64)
}
