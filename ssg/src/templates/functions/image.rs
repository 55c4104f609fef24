//! `image`: the URL of a picture from the media library at a fitting size.
//!
//! The CMS makes the sizes when a picture is uploaded; here one of them is
//! chosen. Nothing is looked up: the file came with the entry that shows it.

use tera::{Error, Kwargs, Map, State, Tera, Value};

use crate::content::value::get;
use crate::templates::arguments::Arguments;

pub(super) const IMAGE: [&str; 3] = ["file", "width", "format"];

pub(super) fn register(tera: &mut Tera) {
    tera.register_function("image", |given: Kwargs, _: &State<'_>| image(&given));
}

fn image(given: &Kwargs) -> Result<String, Error> {
    let arguments = Arguments::new("image", given, &IMAGE)?;
    let file = arguments
        .get("file")
        .and_then(Value::as_map)
        .ok_or_else(|| arguments.error("`file=` must be a file of the media library, populated"))?;
    let url = url_of(file)
        .ok_or_else(|| arguments.error("`file` has no `url`; is it left out by `fields`?"))?;
    let formats = get(file, "formats").and_then(Value::as_map);
    if let Some(name) = arguments.text("format")? {
        let format = formats.and_then(|formats| get(formats, name)).and_then(Value::as_map);
        return Ok(format.and_then(url_of).unwrap_or(url).to_owned());
    }
    let Some(width) = arguments.whole("width")? else { return Ok(url.to_owned()) };
    let sizes = formats.into_iter().flat_map(|formats| formats.values());
    let sizes = sizes.filter_map(Value::as_map).filter_map(|size| Some((width_of(size)?, size)));
    let fitting = sizes.filter(|(size, _)| *size >= width);
    // The smallest that is large enough, by name where two are alike.
    let best = fitting.filter_map(|(size, map)| Some((size, url_of(map)?))).min();
    Ok(best.map_or(url, |(_, url)| url).to_owned())
}

fn url_of(file: &Map) -> Option<&str> {
    get(file, "url").and_then(Value::as_str).filter(|url| !url.is_empty())
}

fn width_of(size: &Map) -> Option<u64> {
    get(size, "width").and_then(Value::as_u64)
}
