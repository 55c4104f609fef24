//! Findings for people and for machines.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Diagnostic, Findings, RULES, Severity};
use crate::render::html;

const REPORT: &str = include_str!("output/report.html");

/// One mistake after the other, then a sum.
#[must_use]
pub fn human(findings: &Findings) -> String {
    let mut text = String::new();
    for one in &findings.diagnostics {
        let _ = writeln!(text, "{}", one.text());
    }
    text + &summary(findings)
}

#[must_use]
pub fn summary(findings: &Findings) -> String {
    let count = |severity: Severity, name: &str| match findings.count(severity) {
        0 => format!("no {name}s"),
        1 => format!("1 {name}"),
        many => format!("{many} {name}s"),
    };
    let (errors, warnings) = (count(Severity::Error, "error"), count(Severity::Warning, "warning"));
    match findings.pages {
        0 => format!("{errors}, {warnings}"),
        pages => format!("{pages} pages: {errors}, {warnings}"),
    }
}

/// One object.
#[must_use]
pub fn json(findings: &Findings) -> Value {
    json!({
        "pages": findings.pages,
        "errors": findings.count(Severity::Error),
        "warnings": findings.count(Severity::Warning),
        "diagnostics": findings.diagnostics,
    })
}

/// The Static Analysis Results Interchange Format, 2.1.0.
#[must_use]
pub fn sarif(findings: &Findings) -> Value {
    let rules: Vec<Value> = RULES
        .iter()
        .map(|(id, about)| json!({ "id": id, "shortDescription": { "text": about } }))
        .collect();
    let results: Vec<Value> = findings.diagnostics.iter().map(result).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "ssg check",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(one: &Diagnostic) -> Value {
    let mut result = json!({
        "ruleId": one.rule,
        "level": one.severity.name(),
        "message": { "text": message(one) },
    });
    if let Some(file) = &one.file {
        result["locations"] = json!([{ "physicalLocation": {
            "artifactLocation": { "uri": file },
            "region": { "startLine": one.line.unwrap_or(1) },
        } }]);
    }
    if let Some(index) = RULES.iter().position(|(rule, _)| *rule == one.rule) {
        result["ruleIndex"] = index.into();
    }
    result
}

/// The message with the page, for outputs that know only files.
fn message(one: &Diagnostic) -> String {
    let mut text = one.message.clone();
    if let Some(url) = &one.url {
        let line = one.page_line.map_or_else(String::new, |line| format!(", line {line}"));
        let _ = write!(text, " (in {url}{line}");
        if one.pages > 1 {
            let _ = write!(text, "; {} pages", one.pages);
        }
        text.push(')');
    }
    text
}

/// Annotations as GitHub's runners and those like them read them.
#[must_use]
pub fn github(findings: &Findings) -> String {
    let lines = findings.diagnostics.iter().map(|one| {
        let mut place = String::new();
        if let Some(file) = &one.file {
            let _ = write!(place, "file={},line={},", property(file), one.line.unwrap_or(1));
        }
        let name = one.severity.name();
        format!("::{name} {place}title=ssg {}::{}", one.rule, data(&message(one)))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A page that can be opened, sent and kept.
#[must_use]
pub fn report(findings: &Findings, title: &str) -> String {
    let mut rows = String::new();
    for one in &findings.diagnostics {
        let place = match (&one.file, one.line) {
            (Some(file), Some(line)) => format!("{file}:{line}"),
            (Some(file), None) => file.clone(),
            (None, _) => String::new(),
        };
        let page = one.url.clone().unwrap_or_default();
        let entry = one.entry.clone().unwrap_or_default();
        let _ = write!(rows, "<tr class=\"{}\">", one.severity.name());
        for cell in [one.severity.name(), one.rule, &message(one), &place, &page, &entry] {
            rows.push_str("<td>");
            html::escape(cell, &mut rows);
            rows.push_str("</td>");
        }
        rows.push_str("</tr>\n");
    }
    let mut heading = String::new();
    html::escape(title, &mut heading);
    REPORT
        .replace("{{title}}", &heading)
        .replace("{{summary}}", &summary(findings))
        .replace("{{rows}}", &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings() -> Findings {
        let mut one = Diagnostic::new("link", Severity::Error, "`/x/` does: not, <exist>\nat 100%");
        one.file = Some("templates/a,b.html".into());
        one.line = Some(3);
        one.url = Some("/blog/".into());
        one.pages = 2;
        Findings { pages: 4, diagnostics: vec![one] }
    }

    #[test]
    fn all_outputs_tell_the_same() {
        let text = human(&findings());
        assert!(text.starts_with("templates/a,b.html:3: error[link]: `/x/` does"), "{text}");
        assert!(
            text.ends_with("in /blog/, and one page more\n4 pages: 1 error, no warnings"),
            "{text}"
        );
        assert_eq!(
            github(&findings()),
            "::error file=templates/a%2Cb.html,line=3,title=ssg link::\
             `/x/` does: not, <exist>%0Aat 100%25 (in /blog/; 2 pages)"
        );
        let sarif = sarif(&findings());
        let result = &sarif["runs"][0]["results"][0];
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(sarif["runs"][0]["tool"]["driver"]["rules"][index]["id"], "link");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["region"]["startLine"], 3);
        assert_eq!(json(&findings())["diagnostics"][0]["url"], "/blog/");
        let report = report(&findings(), "Check");
        assert!(report.contains("&lt;exist&gt;") && !report.contains("<exist>"), "{report}");
    }
}
