//! `picture`: a picture as browsers want it described, in several widths and formats.

use tera::{Error, Kwargs, Map, State, Tera, Value};

use super::image::url_of;
use super::variants::{self, Shown, Wanted};
use crate::content::value::get;
use crate::pictures::{Fit, Format, Shape, Size};
use crate::render::html::attribute;
use crate::site::images::TABLE;
use crate::templates::arguments::Arguments;
use crate::templates::scope::{self, Scope};

pub(super) const PICTURE: [&str; 14] = [
    "file",
    "alt",
    "width",
    "height",
    "fit",
    "focal",
    "widths",
    "sizes",
    "formats",
    "quality",
    "class",
    "loading",
    "priority",
    "placeholder",
];

/// Dense screens show a picture with twice as many pixels.
const DENSE: u32 = 2;

pub(super) fn register(tera: &mut Tera) {
    tera.register_function("picture", |given: Kwargs, _: &State<'_>| picture(&given));
}

fn picture(given: &Kwargs) -> Result<Value, Error> {
    let arguments = Arguments::new("picture", given, &PICTURE)?;
    let scope = scope::current()?;
    let file = variants::file(&arguments)?;
    let url = url_of(file)
        .ok_or_else(|| arguments.error("`file` has no `url`; is it left out by `fields`?"))?;
    scope.note_config(TABLE);
    let images = &scope.site.images;
    let wanted = variants::wanted(&arguments, file)?;
    let placeholder = arguments.flag("placeholder")?.unwrap_or(images.placeholder);
    let shown = Shown::of(&scope, file, url, placeholder);
    let markup = Markup {
        arguments: &arguments,
        scope: &scope,
        file,
        formats: formats(&arguments, &images.formats)?,
        widths: widths(&arguments)?,
        quality: variants::quality(&arguments)?,
        wanted,
        shown,
    };
    Ok(Value::safe_string(&markup.write()?))
}

fn formats(arguments: &Arguments<'_>, otherwise: &[Format]) -> Result<Vec<Format>, Error> {
    let words = arguments.texts("formats")?;
    if arguments.get("formats").is_none() {
        return Ok(otherwise.to_vec());
    }
    let known = |word: &&str| {
        Format::of(word).ok_or_else(|| {
            arguments.error(format!("`formats` are avif, webp, jpeg and png, not `{word}`"))
        })
    };
    words.iter().map(known).collect()
}

fn widths(arguments: &Arguments<'_>) -> Result<Option<Vec<u32>>, Error> {
    let Some(value) = arguments.get("widths") else { return Ok(None) };
    let wrong = || arguments.error("`widths` must be a list of numbers of pixels");
    let items = value.as_array().ok_or_else(wrong)?;
    let width = |item: &Value| {
        let width = item.as_u64().and_then(|width| u32::try_from(width).ok());
        width.filter(|width| *width > 0).ok_or_else(wrong)
    };
    items.iter().map(width).collect::<Result<_, _>>().map(Some)
}

struct Markup<'a> {
    arguments: &'a Arguments<'a>,
    scope: &'a Scope,
    file: &'a Map,
    formats: Vec<Format>,
    widths: Option<Vec<u32>>,
    quality: Option<u8>,
    wanted: Wanted,
    shown: Shown<'a>,
}

impl Markup<'_> {
    fn write(&self) -> Result<String, Error> {
        let Some(full) = self.shown.size() else { return self.as_it_is() };
        let base = self.base(full);
        let shapes = self.shapes(full, base);
        let sizes = self.sizes(base)?;
        let fallback = if self.shown.has_alpha() { Format::Png } else { Format::Jpeg };
        let others: Vec<_> = self.formats.iter().filter(|format| **format != fallback).collect();
        let mut out = String::new();
        if !others.is_empty() {
            out.push_str("<picture>");
        }
        for format in &others {
            out.push_str("<source");
            attribute("type", &format!("image/{}", format.as_str()), &mut out);
            attribute("srcset", &self.sources(&shapes, **format), &mut out);
            attribute("sizes", &sizes, &mut out);
            out.push('>');
        }
        out.push_str("<img");
        let url = self.url(base, fallback).unwrap_or_else(|| self.shown.url.to_owned());
        attribute("src", &url, &mut out);
        if others.len() < self.formats.len() || others.is_empty() {
            attribute("srcset", &self.sources(&shapes, fallback), &mut out);
            attribute("sizes", &sizes, &mut out);
        }
        self.attributes(Some(base.size), &mut out)?;
        out.push('>');
        if !others.is_empty() {
            out.push_str("</picture>");
        }
        Ok(out)
    }

    /// The picture at the size the page gives it.
    fn base(&self, full: Size) -> Shape {
        let Wanted { width, height, fit } = self.wanted;
        let widest = self.scope.site.images.widths.last().copied();
        let width = width.or_else(|| widest.filter(|_| height.is_none()));
        Shape::of(full, width, height, fit)
    }

    /// The same in other widths, as far as the picture has the pixels.
    fn shapes(&self, full: Size, base: Shape) -> Vec<Shape> {
        let own = base.size.width;
        let fixed = self.wanted.width.is_some() || self.wanted.height.is_some();
        let mut widths = match &self.widths {
            Some(widths) => widths.clone(),
            None => {
                let smaller = self.scope.site.images.widths.iter().filter(|width| **width < own);
                let dense = fixed.then_some(own * DENSE);
                smaller.copied().chain([own]).chain(dense).collect()
            }
        };
        widths.sort_unstable();
        let of = |width: u32| {
            let height = f64::from(base.size.height) * f64::from(width) / f64::from(own);
            let height = base.focus.map(|_| height.round().max(1.0) as u32);
            let fit = base.focus.map_or(self.wanted.fit, Fit::Cover);
            Shape::of(full, Some(width), height, fit)
        };
        let mut shapes: Vec<Shape> = widths.into_iter().map(of).collect();
        shapes.dedup_by_key(|shape| shape.size.width);
        shapes
    }

    fn sources(&self, shapes: &[Shape], format: Format) -> String {
        let each = shapes.iter().filter_map(|shape| {
            let url = self.url(*shape, format)?;
            Some(format!("{url} {}w", shape.size.width))
        });
        each.collect::<Vec<_>>().join(", ")
    }

    fn url(&self, shape: Shape, format: Format) -> Option<String> {
        self.shown.variant(self.scope, shape, format, self.quality)
    }

    fn sizes(&self, base: Shape) -> Result<String, Error> {
        let width = base.size.width;
        let given = self.arguments.text("sizes")?;
        Ok(given.map_or_else(|| format!("(max-width: {width}px) 100vw, {width}px"), str::to_owned))
    }

    /// What cannot be changed, with what the CMS says of its size.
    fn as_it_is(&self) -> Result<String, Error> {
        let side = |name| {
            let side = get(self.file, name).and_then(Value::as_u64);
            side.and_then(|side| u32::try_from(side).ok()).filter(|side| *side > 0)
        };
        let full = side("width").zip(side("height"));
        let size = full.map(|(width, height)| {
            let Wanted { width: across, height: down, .. } = self.wanted;
            Shape::of(Size { width, height }, across, down, Fit::Contain).size
        });
        let mut out = "<img".to_owned();
        attribute("src", self.shown.url, &mut out);
        self.attributes(size, &mut out)?;
        out.push('>');
        Ok(out)
    }

    fn attributes(&self, size: Option<Size>, out: &mut String) -> Result<(), Error> {
        if let Some(Size { width, height }) = size {
            attribute("width", &width.to_string(), out);
            attribute("height", &height.to_string(), out);
        }
        let own = get(self.file, "alternativeText").and_then(Value::as_str);
        attribute("alt", self.arguments.text("alt")?.or(own).unwrap_or_default(), out);
        if let Some(class) = self.arguments.text("class")? {
            attribute("class", class, out);
        }
        let priority = self.arguments.flag("priority")?.unwrap_or(false);
        let loading = self.arguments.text("loading")?;
        attribute("loading", loading.unwrap_or(if priority { "eager" } else { "lazy" }), out);
        if priority {
            attribute("fetchpriority", "high", out);
        }
        attribute("decoding", "async", out);
        if let Some(address) = self.shown.placeholder().filter(|_| !self.shown.has_alpha()) {
            let style = format!("background:url({address}) center/cover no-repeat");
            attribute("style", &style, out);
        }
        Ok(())
    }
}
