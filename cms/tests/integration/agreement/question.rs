//! Random questions, made from the content model: every operator on every kind of attribute,
//! through relations, components and media, in groups, sorted and in pages.

use std::fmt::Write as _;

use cms_api::content_type::{Attribute, AttributeKind};
use cms_api::model::ContentModel;
use cms_api::{builtin, query_string};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::content::{self, named};
use super::server::Names;

/// Links a condition may follow.
const MAX_STEPS: usize = 2;

/// A list that is asked for.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) uid: &'static str,
    plural: &'static str,
    parameters: Map<String, Value>,
}

impl Question {
    /// What the query string says, with documents called as the server calls them.
    pub(super) fn tree(&self, names: &Names) -> Map<String, Value> {
        query_string::parse(&self.query(names)).unwrap()
    }

    fn query(&self, names: &Names) -> String {
        let filled = named(&Value::Object(self.parameters.clone()).to_string(), names);
        query_string::print(&serde_json::from_str(&filled).unwrap())
    }

    pub(super) fn path(&self, names: &Names) -> String {
        let mut path = format!("/api/{}", self.plural);
        write!(path, "?fields=id&{}", self.query(names)).unwrap();
        path
    }
}

const TYPES: [(&str, &str); 5] = [
    ("api::article.article", "articles"),
    ("api::author.author", "authors"),
    ("api::category.category", "categories"),
    ("api::tag.tag", "tags"),
    ("api::event.event", "events"),
];

/// What a field is compared with, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Values {
    Text,
    Number,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Time,
    Json,
    RowId,
    /// Only equality: ids differ between servers.
    DocumentId,
    /// Only before and after: clocks differ between servers.
    Moment,
}

#[derive(Debug, Clone)]
struct Field {
    path: Vec<String>,
    values: Values,
}

fn values_of(attribute: &Attribute) -> Option<Values> {
    Some(match &attribute.kind {
        AttributeKind::String
        | AttributeKind::Text
        | AttributeKind::RichText
        | AttributeKind::Email
        | AttributeKind::Uid { .. }
        | AttributeKind::Enumeration { .. } => Values::Text,
        AttributeKind::Integer | AttributeKind::Float | AttributeKind::Decimal => Values::Number,
        AttributeKind::BigInteger => Values::BigInteger,
        AttributeKind::Boolean => Values::Boolean,
        AttributeKind::Date => Values::Date,
        AttributeKind::Time => Values::Time,
        AttributeKind::DateTime | AttributeKind::Timestamp => Values::DateTime,
        AttributeKind::Json | AttributeKind::Blocks => Values::Json,
        _ => return None,
    })
}

fn target(attribute: &Attribute) -> Option<&str> {
    match &attribute.kind {
        AttributeKind::Relation(relation) => {
            Some(relation.target.as_str()).filter(|uid| uid.starts_with("api::"))
        }
        AttributeKind::Media { .. } => Some(builtin::FILE),
        AttributeKind::Component { component, .. } => Some(component),
        _ => None,
    }
}

/// What a server draws lots for.
const DRAWN: [&str; 2] = ["hash", "url"];

/// Every field within a few steps of a type or component.
fn fields(model: &ContentModel, uid: &str, before: &[String], found: &mut Vec<Field>) {
    let Some(attributes) = model.attributes(uid) else { return };
    let path = |name: &str| [before, &[name.to_owned()]].concat();
    if model.component(uid).is_none() {
        let system = [
            ("id", Values::RowId),
            ("documentId", Values::DocumentId),
            ("createdAt", Values::Moment),
            ("publishedAt", Values::Moment),
        ];
        found.extend(system.map(|(name, values)| Field { path: path(name), values }));
    }
    let drawn: &[&str] = if uid == builtin::FILE { &DRAWN } else { &[] };
    let comparable = |name: &String, attribute: &Attribute| {
        !attribute.is_hidden() && !drawn.contains(&name.as_str())
    };
    for (name, attribute) in attributes.iter().filter(|(name, a)| comparable(name, a)) {
        if let Some(values) = values_of(attribute) {
            found.push(Field { path: path(name), values });
        }
        if let Some(target) = target(attribute).filter(|_| before.len() < MAX_STEPS) {
            // An id behind a link is what the link leads to.
            found.push(Field { path: path(name), values: Values::RowId });
            fields(model, target, &path(name), found);
        }
    }
}

const ODD: [&str; 9] = ["", "0", "7", "7.0", "abc", "-1", "1e1", "true", "%"];

/// What a field may be compared with: what is stored, and what is not even of its kind.
fn operands(values: Values) -> Vec<Value> {
    let texts = |texts: &[&str]| texts.iter().map(|text| json!(text)).collect::<Vec<_>>();
    let mut pool = match values {
        Values::Text => {
            [texts(&content::TEXTS), texts(&["ALPHA", "a", "Alpha 0", "news"])].concat()
        }
        Values::Number => content::NUMBERS.map(|number| json!(number.to_string())).to_vec(),
        Values::BigInteger => texts(&content::BIG),
        Values::Boolean => texts(&["true", "false", "1", "f"]),
        Values::Date => texts(&content::DAYS),
        Values::DateTime => texts(&content::MOMENTS),
        Values::Time => texts(&content::TIMES),
        Values::Json => texts(&content::JSON_TEXTS),
        Values::RowId => texts(&["1", "2", "3", "4", "10", "25"]),
        Values::DocumentId => {
            return texts(&["{article3}", "{author1}", "{tag2}", "{category0}", "none"]);
        }
        Values::Moment => return texts(&["2000-01-01", "2100-01-01T00:00:00.000Z"]),
    };
    pool.extend(texts(&ODD));
    pool
}

/// The operators that take one operand.
fn operators(values: Values) -> Vec<&'static str> {
    match values {
        Values::DocumentId => vec!["$eq", "$ne", "$eqi", "$nei"],
        Values::Moment => vec!["$gt", "$gte", "$lt", "$lte", "$ne"],
        _ => vec![
            "$eq",
            "$eqi",
            "$ne",
            "$nei",
            "$lt",
            "$lte",
            "$gt",
            "$gte",
            "$contains",
            "$containsi",
            "$notContains",
            "$notContainsi",
            "$startsWith",
            "$startsWithi",
            "$endsWith",
            "$endsWithi",
        ],
    }
}

/// A condition on a value: an operand, or operators with theirs.
fn test(values: Values) -> BoxedStrategy<Value> {
    let operand = || select(operands(values));
    let list = |size| prop::collection::vec(operand(), size).prop_map(Value::Array);
    let null = select(vec!["$null", "$notNull"]);
    let truth = select(vec!["true", "false"]);
    let null = (null, truth).prop_map(|(op, truth)| json!({ op: truth }));
    let one = (select(operators(values)), operand()).prop_map(|(op, value)| json!({ op: value }));
    let several = (select(vec!["$in", "$notIn"]), list(1..4)).prop_map(|(op, v)| json!({ op: v }));
    // Ids have no order that two servers share.
    let range = if values == Values::DocumentId { "$in" } else { "$between" };
    let plain = prop_oneof![
        12 => one,
        3 => several,
        2 => null,
        2 => operand(),
        1 => list(2..3).prop_map(move |both| json!({ range: both })),
    ];
    let pair = (plain.clone(), plain.clone()).prop_map(|(a, b)| match (a, b) {
        (Value::Object(mut a), Value::Object(b)) => {
            a.extend(b);
            a.into()
        }
        (a, _) => a,
    });
    let not = plain.clone().prop_map(|inner| json!({ "$not": inner }));
    prop_oneof![8 => plain, 1 => pair, 2 => not].boxed()
}

fn nested(path: &[String], inner: Value) -> Value {
    path.iter().rev().fold(inner, |inner, name| json!({ name: inner }))
}

fn condition(fields: Vec<Field>) -> BoxedStrategy<Value> {
    let field = select(fields);
    field
        .prop_flat_map(|field| test(field.values).prop_map(move |t| nested(&field.path, t)))
        .boxed()
}

/// Conditions below one link: `author: { $or: [{ name: … }, { level: … }] }`.
fn below_a_link(fields: &[Field]) -> BoxedStrategy<Value> {
    let linked: Vec<_> = fields.iter().filter(|field| field.path.len() > 1).cloned().collect();
    let all = linked.clone();
    let shapes = select(vec!["$or", "$and", "$not"]);
    let two = select(linked).prop_flat_map(move |first| {
        let same = |field: &&Field| field.path[0] == first.path[0];
        let second: Vec<_> = all.iter().filter(same).cloned().collect();
        let link = first.path[0].clone();
        let inner = |field: &Field| {
            let path = field.path[1..].to_vec();
            test(field.values).prop_map(move |test| nested(&path, test))
        };
        let other = select(second).prop_flat_map(move |field| inner(&field));
        (Just(link), inner(&first), other)
    });
    (two, shapes)
        .prop_map(|((link, a, b), shape)| match shape {
            "$not" => json!({ "$not": { link: a } }),
            shape => json!({ link: { shape: [a, b] } }),
        })
        .boxed()
}

fn filters(fields: &[Field]) -> BoxedStrategy<Value> {
    let near: Vec<_> = fields.iter().filter(|field| field.path.len() == 1).cloned().collect();
    let leaf = prop_oneof![
        3 => condition(near),
        2 => condition(fields.to_vec()),
        1 => below_a_link(fields),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        let list = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            (select(vec!["$and", "$or"]), list).prop_map(|(group, list)| json!({ group: list })),
            inner.prop_map(|inner| json!({ "$not": inner })),
        ]
    })
    .boxed()
}

fn sort(fields: &[Field]) -> BoxedStrategy<Value> {
    let comparable = |field: &&Field| !matches!(field.values, Values::DocumentId | Values::Moment);
    let keys: Vec<_> = fields.iter().filter(comparable).map(|field| field.path.join(".")).collect();
    let key = (select(keys), select(vec!["", ":desc", ":asc"]));
    prop::collection::vec(key.prop_map(|(key, order)| json!(key + order)), 0..3)
        .prop_map(Value::Array)
        .boxed()
}

fn pagination() -> BoxedStrategy<Value> {
    prop_oneof![
        3 => Just(Value::Null),
        1 => (1..4_u8, 1..9_u8).prop_map(|(page, size)| json!({ "page": page, "pageSize": size })),
        1 => (0..9_u8, 1..9_u8).prop_map(|(start, limit)| json!({ "start": start, "limit": limit })),
    ]
    .boxed()
}

/// Any question about any type.
pub(super) fn any(model: &ContentModel) -> BoxedStrategy<Question> {
    let of_type = |(uid, plural): (&'static str, &'static str)| {
        let mut all = Vec::new();
        fields(model, uid, &[], &mut all);
        let locale = select(vec![Value::Null, json!("en"), json!("de"), json!("*"), json!("xx")]);
        let searched = prop_oneof![
            9 => Just(Value::Null),
            // Too long, or of letters that are in no documentId, which a search looks into too.
            1 => select(["Ärger", "ärger", "100% sure", "it's", "日本", "ALPHA", "Alpha 1", "7.5"].map(|text| json!(text)).to_vec()),
        ];
        (filters(&all), sort(&all), pagination(), locale, searched).prop_map(
            move |(filters, sort, pagination, locale, searched)| {
                let given = [
                    ("filters", filters),
                    ("sort", sort),
                    ("pagination", pagination),
                    ("locale", locale),
                    ("_q", searched),
                ];
                let kept = given.into_iter().filter(|(_, value)| !value.is_null());
                let parameters = kept.map(|(name, value)| (name.to_owned(), value)).collect();
                Question { uid, plural, parameters }
            },
        )
    };
    let [articles, authors, categories, tags, events] = TYPES.map(of_type);
    prop_oneof![4 => articles, 1 => authors, 1 => categories, 1 => tags, 2 => events].boxed()
}
