//! JSON of the CMS as a piece of HTML, by a template of the site.
//!
//! The template sees `site`, the answer's `data` and `meta`, and has the filters and components
//! of all templates. It has no functions: what it shows is what was asked for.

use tera::{Context, Value};

use super::{failure::Failure, live::Loaded};

pub(super) fn render(
    loaded: &Loaded,
    template: &str,
    answer: &serde_json::Value,
) -> Result<String, Failure> {
    let templates = loaded.templates.as_ref();
    let templates = templates.ok_or_else(|| Failure::Unusable("no templates are loaded".into()))?;
    let mut context = Context::new();
    context.insert_value("site", loaded.site.clone());
    for name in ["data", "meta"] {
        let value = answer.get(name).unwrap_or(&serde_json::Value::Null);
        context.insert_value(name, Value::from_serializable(value));
    }
    templates.fragment(template, &context).map_err(|fault| Failure::Unusable(fault.to_string()))
}
