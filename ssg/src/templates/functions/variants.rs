//! What `image` and `picture` have in common: a file, what is known of it, and its variants.

use std::sync::Arc;

use cms_api::builtin::FILE;
use serde_json::json;
use tera::{Error, Map, Value};

use crate::content::media::{VERSION_FIELDS, version};
use crate::content::value::get;
use crate::engine::key::canonical;
use crate::engine::{Key, recorder};
use crate::pictures::{Facts, Fit, Focus, Format, Shape, Size, Variant};
use crate::site::images::TABLE;
use crate::templates::arguments::Arguments;
use crate::templates::scope::Scope;

/// The longest side a template may ask for.
const LONGEST: u64 = 8192;

/// The box of a variant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) width: Option<u32>,
    pub(super) height: Option<u32>,
    pub(super) fit: Fit,
}

/// A file with what is known of it.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    pub(super) url: &'a str,
    facts: Option<Arc<Facts>>,
}

pub(super) fn file<'a>(arguments: &Arguments<'a>) -> Result<&'a Map, Error> {
    let file = arguments.get("file").and_then(Value::as_map);
    file.ok_or_else(|| arguments.error("`file=` must be a file of the media library, populated"))
}

/// The arguments `width`, `height`, `fit` and `focal`.
pub(super) fn wanted(arguments: &Arguments<'_>, file: &Map) -> Result<Wanted, Error> {
    let side = |name: &str| {
        let wrong = || arguments.error(format!("`{name}` must be from 1 to {LONGEST} pixels"));
        let given = arguments.whole(name)?;
        given
            .map(|side| match u32::try_from(side) {
                Ok(side) if (1..=LONGEST).contains(&u64::from(side)) => Ok(side),
                _ => Err(wrong()),
            })
            .transpose()
    };
    let focus = match arguments.get("focal") {
        Some(point) => focus(point).ok_or_else(|| {
            arguments.error("`focal` must be a point such as `{\"x\": 50, \"y\": 20}`, in per cent")
        })?,
        // What an editor chose.
        None => get(file, "focalPoint").and_then(focus).unwrap_or(Focus::CENTRE),
    };
    let fit = match arguments.text("fit")? {
        None | Some("cover") => Fit::Cover(focus),
        Some("contain") => Fit::Contain,
        Some(other) => {
            return Err(arguments.error(format!("`fit` is cover or contain, not `{other}`")));
        }
    };
    Ok(Wanted { width: side("width")?, height: side("height")?, fit })
}

fn focus(point: &Value) -> Option<Focus> {
    let map = point.as_map()?;
    let axis = |name| {
        let at = get(map, name)?.as_f64().filter(|at| (0.0..=100.0).contains(at))?;
        Some(at.round() as u8)
    };
    Some(Focus { x: axis("x")?, y: axis("y")? })
}

pub(super) fn quality(arguments: &Arguments<'_>) -> Result<Option<u8>, Error> {
    let Some(given) = arguments.whole("quality")? else { return Ok(None) };
    let quality = u8::try_from(given).ok().filter(|quality| (1..=100).contains(quality));
    quality.map(Some).ok_or_else(|| arguments.error("`quality` must be from 1 to 100"))
}

impl Wanted {
    pub(super) fn shape(&self, picture: Size) -> Shape {
        Shape::of(picture, self.width, self.height, self.fit)
    }
}

impl<'a> Shown<'a> {
    /// Notes the file's version as read: what is known of the file follows from it.
    pub(super) fn of(scope: &Scope, file: &Map, url: &'a str, placeholder: bool) -> Self {
        let id = get(file, "documentId").and_then(Value::as_str);
        let version = id.and_then(|id| {
            let fields: Vec<&str> = ["url"].into_iter().chain(VERSION_FIELDS).collect();
            let key = Key::Entry {
                uid: FILE.into(),
                document_id: id.into(),
                locale: scope.site.default_locale().into(),
                args: canonical(&json!({ "fields": fields })).into(),
            };
            let reply = scope.snapshot.ask(&key).ok()?;
            recorder::record(key, reply.answer.clone());
            scope.snapshot.get(FILE, id, None).map(|row| version(row))
        });
        let facts = version.and_then(|version| scope.pictures.facts(url, &version, placeholder));
        Self { url, facts }
    }

    /// The picture's size, if variants can be made of it.
    pub(super) fn size(&self) -> Option<Size> {
        self.facts.as_ref()?.size()
    }

    pub(super) fn has_alpha(&self) -> bool {
        self.facts.as_ref().is_some_and(|facts| facts.has_alpha)
    }

    /// What stands in the picture's place, if somebody asked.
    pub(super) fn placeholder(&self) -> Option<&str> {
        let placeholder = self.facts.as_ref()?.placeholder.as_deref();
        placeholder.filter(|address| !address.is_empty())
    }

    /// The URL of a variant; none when there can be none.
    pub(super) fn variant(
        &self,
        scope: &Scope,
        shape: Shape,
        format: Format,
        quality: Option<u8>,
    ) -> Option<String> {
        let facts = self.facts.as_ref()?;
        let quality = quality.unwrap_or_else(|| {
            scope.note_config(TABLE);
            scope.site.images.quality(format)
        });
        Variant::new(self.url, &facts.hash, shape, format, quality).map(|variant| variant.url())
    }
}
