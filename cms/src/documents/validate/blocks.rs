//! The structure of block text (`blocks` attributes).

use serde_json::{Value, json};
use url::Url;

use super::rule::{Rule, Shape};
use super::test::Test;

const INLINE: &str = "Inline node must be Text or Link";
/// Links that would run a script where they are shown.
const REFUSED_SCHEMES: [&str; 3] = ["javascript", "vbscript", "data"];

pub(super) fn rule<'a>() -> Rule<'a> {
    list(block)
}

fn list<'a>(item: fn(&Value) -> Rule<'a>) -> Rule<'a> {
    Rule::new(Shape::List(Box::new(item)))
}

fn object<'a>(fields: impl IntoIterator<Item = (&'static str, Rule<'a>)>) -> Rule<'a> {
    Rule::new(Shape::Object(fields.into_iter().map(|(key, rule)| (key.to_owned(), rule)).collect()))
}

fn text<'a>() -> Rule<'a> {
    Rule::new(Shape::Text)
}

fn number<'a>() -> Rule<'a> {
    Rule::new(Shape::Number)
}

fn required(rule: Rule<'_>) -> Rule<'_> {
    rule.test(Test::Present)
}

fn kind<'a>(name: &'static str) -> (&'static str, Rule<'a>) {
    ("type", required(text().one_of([name])))
}

fn never<'a>(message: &'static str) -> Rule<'a> {
    Rule::new(Shape::Any).nullable().test(Test::Holds(message, |_| false))
}

fn some_inline<'a>(message: &'static str) -> (&'static str, Rule<'a>) {
    ("children", required(list(inline).test(Test::MinItems(1, Some(message)))))
}

fn block<'a>(value: &Value) -> Rule<'a> {
    match value.get("type").and_then(Value::as_str) {
        Some("paragraph") => object([
            kind("paragraph"),
            some_inline("Paragraph node children must have at least one Text or Link node"),
        ]),
        Some("heading") => object([
            kind("heading"),
            ("level", required(number().one_of([1, 2, 3, 4, 5, 6]))),
            some_inline("Heading node children must have at least one Text or Link node"),
        ]),
        Some("quote") => object([
            kind("quote"),
            some_inline("Quote node children must have at least one Text or Link node"),
        ]),
        Some("code") => object([
            kind("code"),
            ("language", text().nullable()),
            (
                "children",
                required(list(|_| text_node()).test(Test::MinItems(
                    1,
                    Some("Quote node children must have at least one Text or Link node"),
                ))),
            ),
        ]),
        Some("list") => list_node(),
        Some("image") => image(),
        _ => never("Block node is of invalid type"),
    }
}

fn list_node<'a>() -> Rule<'a> {
    object([
        kind("list"),
        ("format", required(text().one_of(["ordered", "unordered"]))),
        (
            "children",
            required(list(list_child).test(Test::MinItems(
                1,
                Some("List node children must have at least one ListItem or ListNode"),
            ))),
        ),
    ])
}

fn list_child<'a>(value: &Value) -> Rule<'a> {
    match value.get("type").and_then(Value::as_str) {
        Some("list") => list_node(),
        Some("list-item") => object([kind("list-item"), ("children", required(list(inline)))]),
        _ => never("Inline node must be list-item or list"),
    }
}

fn inline<'a>(value: &Value) -> Rule<'a> {
    match value.get("type").and_then(Value::as_str) {
        Some("text") => text_node(),
        Some("link") => object([
            kind("link"),
            ("url", text().test(Test::Holds("Please specify a valid link.", is_link))),
            ("children", required(list(|_| text_node()))),
        ]),
        _ => never(INLINE),
    }
}

fn text_node<'a>() -> Rule<'a> {
    let flag = || Rule::new(Shape::Boolean);
    object([
        kind("text"),
        (
            "text",
            text()
                .test(Test::Holds("Text must be defined with at least an empty string", |value| {
                    value.is_some_and(Value::is_string)
                })),
        ),
        ("bold", flag()),
        ("italic", flag()),
        ("underline", flag()),
        ("strikethrough", flag()),
        ("code", flag()),
    ])
}

fn image<'a>() -> Rule<'a> {
    let mut picture = object([
        ("name", required(text())),
        ("alternativeText", text().nullable()),
        ("url", required(text())),
        ("caption", text().nullable()),
        ("width", required(number())),
        ("height", required(number())),
        ("formats", object([]).nullable()),
        ("hash", required(text())),
        ("ext", required(text())),
        ("mime", required(text())),
        ("size", required(number())),
        ("previewUrl", text().nullable()),
        ("provider", required(text())),
        ("provider_metadata", Rule::new(Shape::Any).nullable()),
        ("createdAt", required(text())),
        ("updatedAt", required(text())),
    ]);
    picture.default = Some(json!({}));
    object([kind("image"), ("image", picture), ("children", required(list(inline)))])
}

/// A path of this site or an address with a harmless scheme.
fn is_link(value: Option<&Value>) -> bool {
    let Some(link) = value.and_then(Value::as_str) else { return false };
    if link.starts_with('/') {
        return true;
    }
    Url::parse(link).is_ok_and(|url| !REFUSED_SCHEMES.contains(&url.scheme()))
}
