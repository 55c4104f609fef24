//! Random content models, and content that fits them.
//!
//! Everything random is a small number, taken modulo what there is to choose from: a case
//! stays meaningful while proptest shrinks it, and values meet often.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Documents a collection type may have.
pub(super) const DOCUMENTS: usize = 4;
/// Files of the media library.
pub(super) const FILES: [&str; 2] = ["pic", "map"];
pub(super) const LOCALES: [&str; 3] = ["en", "de", "fr"];
const NAMES: [&str; 3] = ["post", "person", "topic"];
/// The component that shows a picture and names a document.
const CARD: &str = "bits.card";
const NOTE: &str = "bits.note";

#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) types: Vec<Type>,
}

#[derive(Debug, Clone)]
pub(super) struct Type {
    pub(super) name: &'static str,
    pub(super) localized: bool,
    pub(super) single: bool,
    pub(super) attributes: Vec<Attribute>,
}

#[derive(Debug, Clone)]
pub(super) struct Attribute {
    pub(super) name: String,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Slug,
    Rich,
    Blocks,
    Number,
    Flag,
    Day,
    Mood,
    Picture,
    Pictures,
    Card,
    Cards,
    Zone,
    Link {
        target: usize,
        many: bool,
    },
    /// The other side of a link of the target.
    Mirror {
        target: usize,
        many: bool,
    },
}

impl Kind {
    pub(super) fn is_scalar(self) -> bool {
        use Kind::{Blocks, Day, Flag, Mood, Number, Rich, Slug, Text};
        matches!(self, Text | Slug | Rich | Blocks | Number | Flag | Day | Mood)
    }

    pub(super) fn leads_to(self) -> Option<(usize, bool)> {
        match self {
            Self::Link { target, many } | Self::Mirror { target, many } => Some((target, many)),
            _ => None,
        }
    }
}

/// Attributes a type may have besides title, slug and rank.
const OPTIONAL: [(&str, Kind); 10] = [
    ("body", Kind::Rich),
    ("story", Kind::Blocks),
    ("flag", Kind::Flag),
    ("day", Kind::Day),
    ("mood", Kind::Mood),
    ("cover", Kind::Picture),
    ("album", Kind::Pictures),
    ("card", Kind::Card),
    ("cards", Kind::Cards),
    ("zone", Kind::Zone),
];

/// A relation between two types; `shape` is one of Strapi's four.
#[derive(Debug, Clone)]
struct Bond {
    from: usize,
    to: usize,
    shape: usize,
    two_way: bool,
}

const SHAPES: [&str; 4] = ["oneToOne", "manyToOne", "oneToMany", "manyToMany"];

impl Bond {
    fn many(&self) -> bool {
        self.shape >= 2
    }

    /// Whether the far side sees several.
    fn many_back(&self) -> bool {
        self.shape % 2 == 1
    }
}

pub(super) fn model() -> impl Strategy<Value = (Model, Value)> {
    let bond = (0..2_usize, 0..2_usize, 0..SHAPES.len(), any::<bool>())
        .prop_map(|(from, to, shape, two_way)| Bond { from, to, shape, two_way });
    let kinds = || prop::sample::subsequence(OPTIONAL.to_vec(), 0..=3);
    let ty = || (any::<bool>(), kinds());
    (prop::collection::vec(ty(), 2), any::<bool>(), prop::collection::vec(bond, 1..=3))
        .prop_map(|(types, single, bonds)| assembled(types, single, &bonds))
}

fn assembled(
    types: Vec<(bool, Vec<(&'static str, Kind)>)>,
    single: bool,
    bonds: &[Bond],
) -> (Model, Value) {
    let attribute = |name: &str, kind| Attribute { name: name.to_owned(), kind };
    let mut model = Model { types: Vec::new() };
    for ((localized, kinds), name) in types.into_iter().zip(NAMES) {
        let fixed = [("title", Kind::Text), ("slug", Kind::Slug), ("rank", Kind::Number)];
        let attributes = fixed.into_iter().chain(kinds);
        let attributes = attributes.map(|(name, kind)| attribute(name, kind)).collect();
        model.types.push(Type { name, localized, single: false, attributes });
    }
    model.types.push(Type {
        name: "setting",
        localized: single,
        single: true,
        attributes: vec![attribute("title", Kind::Text), attribute("cover", Kind::Picture)],
    });
    for (number, bond) in bonds.iter().enumerate() {
        let link = Kind::Link { target: bond.to, many: bond.many() };
        model.types[bond.from].attributes.push(attribute(&format!("link{number}"), link));
        if bond.two_way {
            let mirror = Kind::Mirror { target: bond.from, many: bond.many_back() };
            model.types[bond.to].attributes.push(attribute(&format!("mirror{number}"), mirror));
        }
    }
    let schema = schema(&model, bonds);
    (model, schema)
}

fn schema(model: &Model, bonds: &[Bond]) -> Value {
    let types = model.types.iter().map(|ty| {
        let attributes = ty.attributes.iter();
        let attributes: Map<String, Value> = attributes
            .map(|attribute| (attribute.name.clone(), attribute_schema(model, attribute, bonds)))
            .collect();
        let schema = json!({
            "kind": if ty.single { "singleType" } else { "collectionType" },
            "collectionName": format!("{}s", ty.name),
            "info": {
                "singularName": ty.name,
                "pluralName": format!("{}s", ty.name),
                "displayName": ty.name,
            },
            "options": { "draftAndPublish": true },
            "pluginOptions": { "i18n": { "localized": ty.localized } },
            "attributes": attributes,
        });
        (ty.uid(), schema)
    });
    let types: Map<String, Value> = types.collect();
    let component = |attributes: Value| json!({ "collectionName": "c", "info": { "displayName": "c" }, "attributes": attributes });
    json!({
        "types": types,
        "components": {
            CARD: component(json!({
                "label": { "type": "string" },
                "picture": { "type": "media" },
                "about": {
                    "type": "relation", "relation": "oneToOne", "target": model.types[0].uid()
                },
            })),
            NOTE: component(json!({ "text": { "type": "richtext" } })),
        },
    })
}

fn attribute_schema(model: &Model, attribute: &Attribute, bonds: &[Bond]) -> Value {
    let number = attribute.name.chars().last().and_then(|digit| digit.to_digit(10));
    let bond = number.and_then(|number| bonds.get(number as usize));
    let mut schema = match attribute.kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Slug => json!({ "type": "uid" }),
        Kind::Rich => json!({ "type": "richtext" }),
        Kind::Blocks => json!({ "type": "blocks" }),
        Kind::Number => json!({ "type": "integer" }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Day => json!({ "type": "date" }),
        Kind::Mood => json!({ "type": "enumeration", "enum": ["calm", "wild"] }),
        Kind::Picture => json!({ "type": "media" }),
        Kind::Pictures => json!({ "type": "media", "multiple": true }),
        Kind::Card => json!({ "type": "component", "component": CARD }),
        Kind::Cards => json!({ "type": "component", "component": CARD, "repeatable": true }),
        Kind::Zone => json!({ "type": "dynamiczone", "components": [CARD, NOTE] }),
        Kind::Link { target, .. } => {
            let bond = bond.unwrap();
            let mut link = json!({
                "type": "relation", "relation": SHAPES[bond.shape],
                "target": model.types[target].uid(),
            });
            if bond.two_way {
                link["inversedBy"] = json!(attribute.name.replace("link", "mirror"));
            }
            link
        }
        Kind::Mirror { target, .. } => {
            let back = [0, 2, 1, 3][bond.unwrap().shape];
            json!({
                "type": "relation", "relation": SHAPES[back],
                "target": model.types[target].uid(),
                "mappedBy": attribute.name.replace("mirror", "link"),
            })
        }
    };
    if attribute.kind.leads_to().is_none() {
        schema["pluginOptions"] = json!({ "i18n": { "localized": true } });
    }
    schema
}

impl Model {
    pub(super) fn ty(&self, number: usize) -> &Type {
        &self.types[number % self.types.len()]
    }

    /// One of the types with several documents.
    pub(super) fn collection(&self, number: usize) -> (usize, &Type) {
        let number = number % (self.types.len() - 1);
        (number, &self.types[number])
    }

    /// A value of an attribute. Relations are documentIds, as the feed has them.
    pub(super) fn value(&self, kind: Kind, place: &Place<'_>, variant: usize) -> Value {
        let pick = |values: &[Value]| values[variant % values.len()].clone();
        match kind {
            Kind::Text => pick(&[json!("Alpha"), json!("Beta & <b>"), json!("Größe"), json!(null)]),
            Kind::Slug => json!(place.slug(variant)),
            Kind::Rich => pick(&[
                json!("*one*"),
                json!("# Two\n\n\"text\""),
                json!(""),
                json!(null),
                json!(format!("[a](entry:{})", self.types[0].document(variant))),
                json!("{{ <tip kind=\"a\" /> }} b[^1]\n\n[^1]: c"),
                json!(format!("[a](entry:{}/0-en0#b)", self.types[0].name)),
            ]),
            Kind::Blocks => pick(&[blocks("calm words"), json!(null), blocks("Other & words")]),
            Kind::Number => pick(&[json!(1), json!(2), json!(3), json!(null)]),
            Kind::Flag => pick(&[json!(true), json!(false), json!(null)]),
            Kind::Day => pick(&[json!("2024-01-31"), json!("2025-02-03"), json!(null)]),
            Kind::Mood => pick(&[json!("calm"), json!("wild"), json!(null)]),
            Kind::Picture => pick(&[json!(FILES[0]), json!(null), json!(FILES[1])]),
            Kind::Pictures => pick(&[json!(FILES), json!([]), json!([FILES[1], FILES[0]])]),
            Kind::Card => pick(&[self.card(variant), json!(null), self.card(variant)]),
            Kind::Cards => match variant % 3 {
                0 => json!([]),
                1 => json!([self.card(variant)]),
                _ => json!([self.card(variant + 1), self.card(variant)]),
            },
            Kind::Zone => match variant % 3 {
                0 => json!([]),
                1 => json!([named(self.card(variant), CARD)]),
                _ => json!([note(variant), named(self.card(variant), CARD)]),
            },
            Kind::Link { target, many: false } => match variant % (DOCUMENTS + 1) {
                DOCUMENTS => json!(null),
                number => json!(self.types[target].document(number)),
            },
            Kind::Link { target, many: true } => {
                let lists: [&[usize]; 6] = [&[0, 1], &[], &[1, 0], &[2], &[3, 0, 1], &[0, 1, 2]];
                let ids = lists[variant % lists.len()].iter();
                json!(ids.map(|number| self.types[target].document(*number)).collect::<Vec<_>>())
            }
            Kind::Mirror { .. } => json!(null),
        }
    }

    fn card(&self, variant: usize) -> Value {
        json!({
            "id": variant,
            "label": format!("label {variant}"),
            "picture": if variant.is_multiple_of(2) { json!(FILES[variant / 2 % 2]) } else { json!(null) },
            "about": self.types[0].document(variant % DOCUMENTS),
        })
    }

    /// A whole row; `variants` are used in turn.
    pub(super) fn row(&self, place: &Place<'_>, variants: &[u8]) -> Value {
        let stored = place.ty.attributes.iter().filter(|a| !matches!(a.kind, Kind::Mirror { .. }));
        let values = stored.enumerate().map(|(at, attribute)| {
            let variant = usize::from(variants[at % variants.len()]);
            // Slugs change by being renamed, or two documents would often want one URL.
            let variant =
                if attribute.kind == Kind::Slug { 0 } else { variant + at / variants.len() };
            (attribute.name.clone(), self.value(attribute.kind, place, variant))
        });
        Value::Object(values.collect())
    }
}

impl Type {
    pub(super) fn uid(&self) -> String {
        format!("api::{0}.{0}", self.name)
    }

    pub(super) fn document(&self, number: usize) -> String {
        if self.single {
            self.name.to_owned()
        } else {
            format!("{}{}", self.name, number % DOCUMENTS)
        }
    }

    pub(super) fn links(&self) -> impl Iterator<Item = (&Attribute, usize, bool)> {
        self.attributes.iter().filter_map(|attribute| {
            let (target, many) = attribute.kind.leads_to()?;
            Some((attribute, target, many))
        })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.attributes.iter().any(|attribute| attribute.name == name)
    }
}

/// Where a value stands: a document of a type in a locale.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) ty: &'a Type,
    pub(super) number: usize,
    pub(super) locale: usize,
}

/// Slug variants a rename chooses from; the last two are mistakes, and rare.
pub(super) const SLUGS: usize = 12;

impl<'a> Place<'a> {
    pub(super) fn id(&self) -> String {
        self.ty.document(self.number)
    }

    /// Empty for types that are not localized.
    pub(super) fn locale(&self) -> &'a str {
        if self.ty.localized { LOCALES[self.locale % LOCALES.len()] } else { "" }
    }

    fn slug(&self, variant: usize) -> Option<String> {
        match variant % SLUGS {
            10 => None,
            11 => Some("twin".to_owned()),
            variant => {
                Some(format!("{}-{}{}", self.number % DOCUMENTS, self.locale(), variant % 3))
            }
        }
    }
}

fn blocks(text: &str) -> Value {
    json!([{ "type": "paragraph", "children": [{ "type": "text", "text": text }] }])
}

fn note(variant: usize) -> Value {
    json!({ "id": variant, "text": format!("note *{variant}*"), "__component": NOTE })
}

fn named(mut component: Value, uid: &str) -> Value {
    component["__component"] = json!(uid);
    component
}
