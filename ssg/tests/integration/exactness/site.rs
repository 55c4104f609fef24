//! Random sites: site.toml, templates and static files, as text.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::fragments::{INCLUDE, OF_SITE, Piece, Sight, filters, populate, sort, text};
use super::model::{LOCALES, Model};

/// What a developer works on. Every template but the shared ones belongs to one route.
#[derive(Debug, Clone)]
pub(super) struct Design {
    pub(super) title: u8,
    /// How many of the locales the site has.
    pub(super) locales: usize,
    pub(super) words: u8,
    pub(super) menu: u8,
    /// `[extra]` is in site.toml.
    pub(super) extra: bool,
    pub(super) routes: Vec<Route>,
    /// Included by some pages.
    pub(super) part: Vec<Piece>,
    /// What stands around every page that extends it.
    pub(super) base: Vec<Piece>,
    pub(super) card: u8,
    /// Text of the static files; `None`: there is no such file.
    pub(super) files: [Option<u8>; 3],
    /// Templates somebody deleted.
    pub(super) missing: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) kind: u8,
    pub(super) ty: u8,
    pub(super) choice: u8,
    pub(super) per_page: u8,
    pub(super) extends: bool,
    pub(super) pieces: Vec<Piece>,
    /// Not in site.toml for now.
    pub(super) removed: bool,
}

/// Static files: one is linked by name, one below a folder, one by nobody.
const FILES: [&str; 3] = ["a.css", "b/c.txt", "robots.txt"];

pub(super) fn piece() -> impl Strategy<Value = Piece> {
    (any::<u8>(), any::<u8>(), any::<u8>())
}

fn route() -> impl Strategy<Value = Route> {
    let pieces = prop::collection::vec(piece(), 2..=5);
    (any::<u8>(), any::<u8>(), any::<u8>(), 1..4_u8, any::<bool>(), pieces).prop_map(
        |(kind, ty, choice, per_page, extends, pieces)| Route {
            kind,
            ty,
            choice,
            per_page,
            extends,
            pieces,
            removed: false,
        },
    )
}

pub(super) fn design() -> impl Strategy<Value = Design> {
    (
        1..=2_usize,
        any::<(u8, u8, bool, u8)>(),
        prop::collection::vec(route(), 2..=4),
        prop::collection::vec(piece(), 1..=2),
        prop::collection::vec(piece(), 0..=1),
    )
        .prop_map(|(locales, (words, menu, extra, card), routes, part, base)| Design {
            title: 0,
            locales,
            words,
            menu,
            extra,
            routes,
            // Including itself would never end.
            part: part.into_iter().map(without_include).collect(),
            base: base.into_iter().map(without_include).collect(),
            card,
            files: [Some(0), Some(0), Some(0)],
            missing: Vec::new(),
        })
}

/// A piece for a template that others include or extend.
pub(super) fn without_include((kind, one, other): Piece) -> Piece {
    if (kind / 3) % OF_SITE == INCLUDE {
        (kind.wrapping_add(3), one, other)
    } else {
        (kind, one, other)
    }
}

impl Route {
    /// The type with a page per entry.
    pub(super) fn each(&self, model: &Model) -> Option<usize> {
        (self.kind % 8 < 5).then(|| model.collection(usize::from(self.ty)).0)
    }

    /// The type a list is of.
    fn list(&self, model: &Model) -> Option<usize> {
        match self.kind % 8 {
            // Entries of a type that one of the entry's relations leads to, or that lead to it.
            4 => {
                let each = &model.types[self.each(model)?];
                each.links().next().map(|(_, target, _)| target)
            }
            5 => Some(model.collection(usize::from(self.ty)).0),
            _ => None,
        }
    }

    /// What the list is split by.
    fn group(&self, model: &Model) -> Option<&'static str> {
        let list = &model.types[self.list(model)?];
        let by = ["day", "mood", "rank"][usize::from(self.choice / 3) % 3];
        (self.kind % 8 == 5 && self.choice.is_multiple_of(3) && list.has(by)).then_some(by)
    }

    pub(super) fn template(number: usize) -> String {
        format!("page{number}.html")
    }

    fn path(&self, number: usize, model: &Model) -> String {
        match self.each(model).map(|each| &model.types[each]) {
            Some(each) => match self.choice % 6 {
                0 => format!("/r{number}/{{documentId}}/"),
                1 => format!("/r{number}/{{rank}}/{{slug}}/"),
                2 => match each.links().find(|(_, _, many)| !many) {
                    Some((link, ..)) if self.list(model).is_none() => {
                        format!("/r{number}/{{{}.slug}}/{{slug}}.html", link.name)
                    }
                    _ => format!("/r{number}/{{slug}}/"),
                },
                _ => format!("/r{number}/{{slug}}/"),
            },
            None => match self.kind % 8 {
                5 if self.group(model).is_some() => format!("/list{number}/{{group}}/"),
                5 => format!("/list{number}/"),
                6 => format!("/feed{number}.xml"),
                _ if self.choice.is_multiple_of(3) => format!("/sitemap{number}.xml"),
                _ => format!("/about{number}/"),
            },
        }
    }

    fn toml(&self, number: usize, model: &Model) -> String {
        let mut out = format!("[[route]]\npath = {}\n", json!(self.path(number, model)));
        // Now and then a page that shows the time is not allowed to.
        match self.choice % 8 {
            7 => {}
            other => out += &format!("revalidate = {}\n", if other < 4 { "600" } else { "\"1h\"" }),
        }
        if let Some(each) = self.each(model) {
            let ty = &model.types[each];
            out += &format!("each = {}\n", json!(ty.uid()));
            if !self.choice.is_multiple_of(5) {
                out += &format!("populate = {}\n", toml(&populate(model, ty, self.choice)));
            }
            if self.choice.is_multiple_of(7) {
                out += "fields = [\"title\", \"slug\"]\n";
            }
        }
        out += &format!("template = {}\n", json!(Self::template(number)));
        if self.choice.is_multiple_of(2) {
            let of_entry = if self.each(model).is_some() { "{title}" } else { "List" };
            out += &format!("title = \"{of_entry} {number}\"\n");
        }
        if self.choice.is_multiple_of(11) {
            out += "formats = { txt = \"card.html\" }\n";
        }
        if let Some(list) = self.list(model) {
            let ty = &model.types[list];
            out += &format!(
                "[route.paginate]\ntype = {}\nper_page = {}\nsort = {}\n",
                json!(ty.uid()),
                self.per_page,
                toml(&sort(ty, self.choice))
            );
            if self.choice.is_multiple_of(2) {
                out += "fields = [\"title\"]\n";
            }
            let condition = match self.each(model) {
                Some(each) => Some(match ty.links().find(|(_, target, _)| *target == each) {
                    Some((link, ..)) => {
                        json!({ &link.name: { "documentId": "$entry.documentId" } })
                    }
                    None => json!({ "rank": "$entry.rank" }),
                }),
                None => filters(model, ty, self.choice / 2),
            };
            if let Some(by) = self.group(model) {
                out += &format!("group_by = \"{by}\"\n");
                if by == "day" {
                    out += "unit = \"month\"\n";
                }
            }
            if let Some(condition) = condition {
                out += &format!("filters = {}\n", toml(&condition));
            }
        }
        out
    }
}

/// JSON as TOML writes it on one line.
fn toml(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let pairs = map.iter().filter(|(_, value)| !value.is_null());
            let pairs: Vec<_> =
                pairs.map(|(key, value)| format!("{} = {}", json!(key), toml(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", "))
        }
        scalar => scalar.to_string(),
    }
}

impl Design {
    /// Types that have a page per entry now.
    fn routed(&self, model: &Model) -> Vec<usize> {
        self.routes.iter().filter(|route| !route.removed).filter_map(|r| r.each(model)).collect()
    }

    /// Every file below the templates folder.
    pub(super) fn files(&self, model: &Model) -> BTreeMap<String, String> {
        let routed = self.routed(model);
        let mut files = BTreeMap::new();
        files.insert("site.toml".to_owned(), self.site_toml(model));
        let sight = |entry, pager| Sight { model, routed: &routed, entry, pager };
        let all = |sight: &Sight<'_>, pieces: &[Piece]| {
            pieces.iter().map(|piece| text(sight, *piece)).collect::<Vec<_>>().join("\n")
        };
        for (number, route) in self.routes.iter().enumerate() {
            let sight = sight(route.each(model), route.list(model).is_some());
            let body = all(&sight, &route.pieces);
            let page = if route.extends {
                format!(
                    "{{% extends \"base.html\" %}}{{% block main %}}{body}{{% endblock main %}}"
                )
            } else {
                body
            };
            files.insert(Route::template(number), page);
        }
        let shared = sight(None, false);
        files.insert("part.html".to_owned(), all(&shared, &self.part));
        files.insert(
            "base.html".to_owned(),
            format!(
                "<title>{{{{ site.title }}}}</title>{}\n{{% block main %}}{{% endblock main %}}",
                all(&shared, &self.base)
            ),
        );
        files.insert("card.html".to_owned(), format!(
            "{{% component card(story) %}}<a class=\"c{}\" href=\"{{{{ url_for(entry=story) }}}}\">{{{{ story?.title }}}}</a>{{% endcomponent card %}}",
            self.card % 4
        ));
        // Called from texts.
        files.insert("tip.html".to_owned(), format!(
            "{{% component tip(kind: string) %}}<i class=\"t{}\">{{{{ kind }}}}</i>{{% endcomponent tip %}}",
            self.card % 3
        ));
        files.retain(|file, _| !self.missing.contains(file));
        for (name, content) in FILES.iter().zip(self.files) {
            if let Some(content) = content {
                files.insert(format!("static/{name}"), format!("/* {content} */"));
            }
        }
        files
    }

    fn site_toml(&self, model: &Model) -> String {
        let locales = &LOCALES[..self.locales];
        let mut out = format!(
            "[site]\ntitle = \"Title {}\"\nbase_url = \"https://example.org\"\nlocales = {}\n",
            self.title,
            json!(locales)
        );
        for (at, locale) in LOCALES.iter().enumerate() {
            // One locale may have no words.
            if (self.words >> at) & 1 == 0 {
                out += &format!("[words.{locale}]\nmore = \"more {at} {}\"\n", self.words / 8);
            }
        }
        out += "[menu]\nitems = [";
        for item in 0..self.menu % 3 {
            out += &format!("{{ label = \"L{item}\", url = \"/{}/\" }}, ", self.menu / 3);
        }
        out += "]\n";
        if self.words % 3 == 1 {
            out += &format!("[sitemap]\nper_file = {}\n", self.words % 5 + 2);
        }
        if self.words % 4 == 2 {
            let types = model.types.iter().filter(|ty| !ty.single).map(|ty| {
                let body = if ty.has("body") { ", \"body\"" } else { "" };
                format!("{} = [\"title\"{body}]", json!(ty.uid()))
            });
            let types: Vec<_> = types.collect();
            out += &format!("[search]\ntypes = {{ {} }}\n", types.join(", "));
        }
        if self.menu % 5 == 2 {
            out += "[redirects]\ngone = true\n";
        }
        if self.menu % 4 == 1 {
            out += "[markdown]\nsmart_punctuation = true\nbroken_links = \"unlink\"\n";
        }
        if self.extra {
            out += "[extra]\nnote = \"a note\"\n";
        }
        for (number, route) in self.routes.iter().enumerate().filter(|(_, route)| !route.removed) {
            out += &route.toml(number, model);
        }
        out
    }
}
