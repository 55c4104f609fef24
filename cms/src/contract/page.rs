//! The OpenAPI document as a page to read: no script, nothing fetched from elsewhere.

use std::fmt::Write as _;

use serde_json::Value;

const STYLE: &str = include_str!("page.css");

/// One HTML document.
#[must_use]
pub fn page(document: &Value) -> String {
    let title = text(document, "/info/title");
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n\
         <h1>{title}</h1>\n<p>{}</p>\n<p><a href=\"/openapi.json\">openapi.json</a></p>\n\
         </header>\n",
        text(document, "/info/description")
    );
    let operations = operations(document);
    navigation(&mut out, document);
    out.push_str("<main>\n");
    for tag in tags(document) {
        put(
            &mut out,
            format_args!("<section id=\"{0}\">\n<h2>{1}</h2>\n", anchor(tag), escaped(tag)),
        );
        let own = operations.iter().filter(|(_, _, operation)| operation["tags"][0] == tag);
        own.for_each(|(method, path, operation)| show(&mut out, document, method, path, operation));
        out.push_str("</section>\n");
    }
    shapes(&mut out, document);
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

/// Writing to a `String` cannot fail.
fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

fn escaped(text: &str) -> String {
    v_htmlescape::escape_fmt(text).to_string()
}

fn text(value: &Value, pointer: &str) -> String {
    escaped(value.pointer(pointer).and_then(Value::as_str).unwrap_or_default())
}

fn anchor(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    name.chars().map(plain).collect()
}

fn tags(document: &Value) -> impl Iterator<Item = &str> {
    let tags = document["tags"].as_array().into_iter().flatten();
    tags.filter_map(|tag| tag["name"].as_str())
}

type Listed<'a> = (&'a str, &'a str, &'a Value);

fn operations(document: &Value) -> Vec<Listed<'_>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .flat_map(|(path, item)| {
            let item = item.as_object().into_iter().flatten();
            item.map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
        })
        .collect()
}

fn navigation(out: &mut String, document: &Value) {
    out.push_str("<nav aria-label=\"Groups\">\n<ul>\n");
    for tag in tags(document).chain(["Shapes"]) {
        put(out, format_args!("<li><a href=\"#{}\">{}</a></li>\n", anchor(tag), escaped(tag)));
    }
    out.push_str("</ul>\n</nav>\n");
}

fn show(out: &mut String, document: &Value, method: &str, path: &str, operation: &Value) {
    put(
        out,
        format_args!(
            "<details id=\"{0}\">\n<summary><b class=\"{method}\">{1}</b> <code>{2}</code> \
             <span>{3}</span></summary>\n",
            text(operation, "/operationId"),
            method.to_ascii_uppercase(),
            escaped(path),
            text(operation, "/summary"),
        ),
    );
    if let Some(permission) = operation["x-permission"].as_str() {
        put(out, format_args!("<p>Needs <code>{}</code></p>\n", escaped(permission)));
    }
    parameters(out, document, operation);
    if let Some(content) = operation["requestBody"]["content"].as_object() {
        for (kind, media) in content {
            put(out, format_args!("<h3>Body: <code>{}</code></h3>\n", escaped(kind)));
            put(out, format_args!("<pre>{}</pre>\n", escaped(&shape(&media["schema"]))));
        }
    }
    answers(out, document, operation);
    out.push_str("</details>\n");
}

/// What a `$ref` leads to.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let path = value["$ref"].as_str().and_then(|path| path.strip_prefix('#'));
    path.and_then(|path| document.pointer(path)).unwrap_or(value)
}

fn parameters(out: &mut String, document: &Value, operation: &Value) {
    let Some(parameters) = operation["parameters"].as_array() else { return };
    out.push_str("<h3>Parameters</h3>\n<dl>\n");
    for parameter in parameters.iter().map(|parameter| resolved(document, parameter)) {
        put(
            out,
            format_args!(
                "<dt><code>{}</code> <small>{}</small></dt>\n<dd>{}</dd>\n",
                text(parameter, "/name"),
                text(parameter, "/in"),
                text(parameter, "/description")
            ),
        );
    }
    out.push_str("</dl>\n");
}

fn answers(out: &mut String, document: &Value, operation: &Value) {
    out.push_str("<h3>Answers</h3>\n<dl>\n");
    for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
        let answer = resolved(document, answer);
        let description = text(answer, "/description");
        put(out, format_args!("<dt><code>{}</code></dt>\n<dd>{description}", escaped(status)));
        for (kind, media) in answer["content"].as_object().into_iter().flatten() {
            let shape = escaped(&shape(&media["schema"]));
            put(out, format_args!(" <small>{}</small><pre>{shape}</pre>", escaped(kind)));
        }
        out.push_str("</dd>\n");
    }
    out.push_str("</dl>\n");
}

fn shapes(out: &mut String, document: &Value) {
    out.push_str("<section id=\"shapes\">\n<h2>Shapes</h2>\n");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        let (name, shape) = (escaped(name), escaped(&shape(schema)));
        put(
            out,
            format_args!(
                "<details id=\"schema-{name}\">\n<summary><code>{name}</code></summary>\n\
                 <pre>{shape}</pre>\n</details>\n"
            ),
        );
    }
    out.push_str("</section>\n");
}

/// A schema in few words, as TypeScript would say it.
fn shape(schema: &Value) -> String {
    super::typescript::of_schema(schema, 0)
}
