//! Sites in several languages.

use serde_json::json;
use ssg::build::{Request, translations};

use super::{NOTES, note, site};
use crate::integration::site_harness::{changed, reasons};

#[test]
fn words_of_the_interface_come_from_files() {
    let mut site = site(
        "[[route]]\npath = \"/\"\ntemplate = \"home.html\"\n[[route]]\npath = \"/other/\"\ntemplate = \"other.html\"\n\
         [strings.en]\nhello = \"Hello {name}!\"\n\
         -- i18n/en.toml --\n[nav]\nhome = \"Home\"\nonly = \"English only\"\n[notes]\none = \"{count} note\"\nother = \"{count} notes\"\n\
         -- i18n/de.toml --\nhello = \"Hallo {name}!\"\nnav = { home = \"Start\" }\nnotes = { zero = \"keine Notiz\", one = \"eine Notiz\", other = \"{count} Notizen\" }\n\
         -- home.html --\n{{ t(key=\"hello\", name=\"<A>\") }} {{ t(key=\"nav.only\") }} {{ t(key=\"notes\", count=0) }} {{ t(key=\"notes\", count=1) }} {{ t(key=\"notes\", count=1234) }}\n\
         -- other.html --\n{{ t(key=\"nav.home\") }} {{ site.strings[page.locale].nav.home }}",
    );
    site.build();
    assert_eq!(site.page("index.html"), "Hello &lt;A&gt;! English only 0 notes 1 note 1,234 notes");
    assert_eq!(
        site.page("de/index.html"),
        "Hallo &lt;A&gt;! English only keine Notiz eine Notiz 1.234 Notizen"
    );
    assert_eq!(site.page("de/other/index.html"), "Start Start");
    // A word renders the pages that say it.
    site.replace("i18n/de.toml", "hello = \"Hallo", "hello = \"Servus");
    let report = site.build();
    assert_eq!(reasons(&report, "de/index.html"), "`site.strings.de.hello` in site.toml changed");
    assert_eq!(changed(&report), "~de/index.html");
    // A translation that arrives is used.
    site.write("i18n/de.toml", &format!("only = 1\n{}", site.read("i18n/de.toml")));
    site.replace("i18n/de.toml", "nav = {", "nav = { only = \"Nur deutsch\",");
    assert_eq!(changed(&site.build()), "~de/index.html");
    assert!(site.page("de/index.html").contains("Nur deutsch"));
    site.write("home.html", "{{ t(key=\"nav.none\") }}");
    let report = site.build_alone(&Request::default()).unwrap();
    assert!(
        report.failed[0].message.contains("there is no `nav.none` in the words of `en`"),
        "{:?}",
        report.failed
    );
}

#[test]
fn mistakes_in_words_name_the_file() {
    for (file, text, expected) in [
        ("i18n/de.toml", "a = ", "de.toml"),
        ("i18n/fr.toml", "a = \"b\"", "`fr` is no locale of the site"),
        ("i18n/en.toml", "hello = \"x\"", "`hello` stands in `[strings.en]` of site.toml as well"),
    ] {
        let mut site = site("[strings.en]\nhello = \"Hello\"\n-- home.html --\nx");
        site.write(file, text);
        let report = site.build_alone(&Request::default()).unwrap();
        let failed = format!("{:?}", report.failed);
        assert!(failed.contains(expected) && failed.contains("i18n/"), "{failed}");
    }
}

#[test]
fn dates_and_numbers_are_localised() {
    let mut site = site(&format!(
        "{NOTES}-- note.html --\n{{{{ entry.day | date(style=\"long\") }}}} {{{{ entry.day | date(style=\"full\", locale=\"fr\") }}}} \
         {{{{ 1234.5 | number }}}} {{{{ 0.5 | number(style=\"percent\") }}}} {{{{ 3 | number(currency=\"EUR\") }}}}"
    ));
    for locale in ["en", "de"] {
        site.cms.publish("note", "a", locale, note("A", json!({ "day": "2026-03-05" })));
    }
    site.build();
    assert_eq!(site.page("a/index.html"), "March 5, 2026 jeudi 5 mars 2026 1,234.5 50% €3.00");
    assert_eq!(
        site.page("de/a/index.html"),
        "5. März 2026 jeudi 5 mars 2026 1.234,5 50\u{a0}% 3,00\u{a0}€"
    );
}

#[test]
fn a_missing_translation_falls_back() {
    let mut site = site(&format!(
        "[i18n]\nfallback = {{ de = [\"en\"] }}\n{NOTES}[[route]]\npath = \"/\"\ntemplate = \"home.html\"\n\
         -- note.html --\n{{{{ entry.title }}}}\n\
         -- home.html --\n{{% set s = single(type=\"api::setting.setting\") %}}{{{{ s?.name }}}} \
         {{% for n in entries(type=\"api::note.note\", locale=\"en\", fields=[\"title\"]) %}}{{{{ url_for(entry=n, locale=page.locale) }}}}{{% endfor %}}"
    ));
    site.cms.publish("setting", "s", "en", json!({ "name": "Notes" }));
    site.cms.publish("note", "a", "en", note("A", json!({})));
    site.build();
    assert_eq!(site.page("de/index.html"), "Notes /a/");
    site.cms.publish("setting", "s", "de", json!({ "name": "Notizen" }));
    site.cms.publish("note", "a", "de", note("Ah", json!({})));
    let report = site.build();
    assert_eq!(changed(&report), "+de/ah/index.html ~de/index.html");
    assert_eq!(site.page("de/index.html"), "Notizen /de/ah/");
    site.replace("site.toml", "[\"en\"] }", "[\"fr\"] }");
    let report = site.build_alone(&Request::default()).unwrap();
    assert!(report.failed[0].message.contains("`fr`, which is no locale"), "{:?}", report.failed);
}

#[test]
fn missing_translations_are_reported() {
    let mut site = site(&format!(
        "{NOTES}[strings.en]\na = \"A\"\nb = {{ one = \"1\", other = \"2\" }}\n[strings.de]\na = \"A\"\nc = \"C\"\n-- note.html --\nx"
    ));
    site.cms.publish("note", "a", "en", note("A", json!({})));
    site.cms.publish("note", "b", "en", note("B", json!({})));
    site.cms.publish("note", "b", "de", note("B", json!({})));
    site.build();
    site.restart();
    let found = translations(&site.paths()).unwrap().unwrap();
    let documents: Vec<_> = found
        .documents
        .iter()
        .map(|d| (&*d.document_id, d.title.as_deref(), d.missing.join(",")))
        .collect();
    assert_eq!(documents, [("a", Some("A"), "de".to_owned())]);
    let strings: Vec<_> =
        found.strings.iter().map(|s| format!("{}:{}", s.key, s.missing.join(","))).collect();
    assert_eq!(strings, ["b:de", "c:en"]);
}

#[test]
fn locale_prefixes_hreflang_and_a_language_switcher() {
    let mut site = site(&format!(
        "{NOTES}[[route]]\npath = \"/\"\ntemplate = \"home.html\"\n[names]\nen = \"English\"\nde = \"Deutsch\"\n\
         -- home.html --\n{{{{ page.locale }}}} {{{{ page.url }}}}\n\
         -- note.html --\n{{{{ <galley.hreflang page={{page}} base={{site.base_url}} default_locale=\"en\" /> }}}}\
         {{{{ <galley.languages page={{page}} names={{site.names}} label=\"Languages\" /> }}}}"
    ));
    site.cms.publish("note", "a", "en", note("A", json!({})));
    site.build();
    assert_eq!(site.page("index.html"), "en /");
    assert_eq!(site.page("de/index.html"), "de /de/");
    assert_eq!(site.page("a/index.html"), "", "there is nothing to switch to");
    site.cms.publish("note", "a", "de", note("Ah", json!({})));
    let report = site.build();
    assert_eq!(changed(&report), "~a/index.html +de/ah/index.html");
    let page = site.page("de/ah/index.html");
    for part in [
        "<link rel=\"alternate\" hreflang=\"en\" href=\"https://example.org/a/\">",
        "<link rel=\"alternate\" hreflang=\"x-default\" href=\"https://example.org/a/\">",
        "<a href=\"/a/\" hreflang=\"en\" lang=\"en\">English</a>",
        "<a href=\"/de/ah/\" hreflang=\"de\" lang=\"de\" aria-current=\"true\">Deutsch</a>",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}
