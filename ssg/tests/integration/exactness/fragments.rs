//! Pieces of templates. Together they use every function and every kind of read.

use serde_json::{Value, json};

use super::model::{Kind, LOCALES, Model, Type};

/// A piece of a template: what it is and two choices within it.
pub(super) type Piece = (u8, u8, u8);

/// Kinds of pieces that need no entry.
pub(super) const OF_SITE: u8 = 20;
/// The one that includes a template.
pub(super) const INCLUDE: u8 = 12;

/// What the pieces of one template can see.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sight<'a> {
    pub(super) model: &'a Model,
    /// The types with a page per entry.
    pub(super) routed: &'a [usize],
    /// The type of `entry`.
    pub(super) entry: Option<usize>,
    /// Whether there is a `pager`.
    pub(super) pager: bool,
}

/// JSON as a template writes it: braces that would end the tag are kept apart.
fn literal(value: &Value) -> String {
    value.to_string().replace("}}", "} }").replace("{{", "{ {").replace("}}", "} }")
}

/// Conditions on the rows of a type, or none.
pub(super) fn filters(model: &Model, ty: &Type, choice: u8) -> Option<Value> {
    let choice = usize::from(choice);
    let mut all = vec![
        json!({ "title": { "$eq": "Alpha" } }),
        json!({ "rank": { "$gt": 1 } }),
        json!({ "rank": { "$in": [1, 3] } }),
        json!({ "title": { "$null": true } }),
        json!({ "$or": [{ "rank": { "$gte": 3 } }, { "title": { "$contains": "et" } }] }),
        json!({ "$not": { "rank": { "$lt": 2 } } }),
        json!({ "slug": { "$startsWith": "0" } }),
        json!({ "documentId": { "$in": [ty.document(0), ty.document(3)] } }),
    ];
    for (name, condition) in [
        ("flag", json!({ "$eq": true })),
        ("day", json!({ "$lt": "2025-01-01" })),
        ("mood", json!({ "$ne": "wild" })),
        ("card", json!({ "label": { "$ne": "label 0" } })),
        ("cover", json!({ "$notNull": true })),
    ] {
        if ty.has(name) {
            all.push(json!({ name: condition }));
        }
    }
    for (link, target, _) in ty.links() {
        let target = &model.types[target];
        all.push(json!({ &link.name: { "rank": { "$gt": 1 } } }));
        all.push(json!({ &link.name: { "documentId": target.document(choice) } }));
        all.push(json!({ &link.name: { "title": { "$in": ["Alpha", "Größe"] } } }));
    }
    // Half of all questions have no condition.
    all.get((choice / 2) % all.len()).filter(|_| choice.is_multiple_of(2)).cloned()
}

pub(super) fn sort(ty: &Type, choice: u8) -> Value {
    let mut all = vec![json!("title"), json!("rank:desc"), json!(["rank", "title:desc"])];
    if let Some((link, ..)) = ty.links().find(|(_, _, many)| !many) {
        all.push(json!(format!("{}.title", link.name)));
        all.push(json!([format!("{}.rank:desc", link.name), "slug".to_owned()]));
    }
    all.push(json!("slug:desc"));
    all[usize::from(choice) % all.len()].clone()
}

/// What is filled in, and how deep.
pub(super) fn populate(model: &Model, ty: &Type, choice: u8) -> Value {
    let names: Vec<_> = ty.attributes.iter().filter(|a| !a.kind.is_scalar()).collect();
    let Some(one) = names.get(usize::from(choice / 4) % names.len().max(1)) else {
        return json!("*");
    };
    match choice % 4 {
        0 => json!("*"),
        1 => json!([one.name]),
        2 => match one.kind.leads_to() {
            Some((target, _)) => json!({ &one.name: {
                "fields": ["title", "rank"],
                "sort": ["rank:desc", "title"],
                "filters": filters(model, &model.types[target], choice),
            } }),
            None => json!({ &one.name: true }),
        },
        _ => match one.kind.leads_to() {
            Some(_) => json!({ &one.name: { "populate": "*" } }),
            None if matches!(one.kind, Kind::Card | Kind::Cards | Kind::Zone) => {
                json!({ &one.name: { "populate": "*" } })
            }
            None => json!([one.name]),
        },
    }
}

/// `, filters=…, sort=…`
fn list_arguments(sight: &Sight<'_>, ty: &Type, choice: u8) -> String {
    let filters = filters(sight.model, ty, choice);
    let filters = filters.map(|filters| format!(", filters={}", literal(&filters)));
    format!("{}, sort={}", filters.unwrap_or_default(), literal(&sort(ty, choice / 3)))
}

pub(super) fn text(sight: &Sight<'_>, piece: Piece) -> String {
    let (kind, one, other) = piece;
    match (sight.entry, sight.pager) {
        (Some(ty), _) if kind % 3 > 0 => {
            of_entry(sight, &sight.model.types[ty], kind / 3, one, other)
        }
        (_, true) if kind % 3 == 1 => of_pager(kind / 3),
        _ => of_site(sight, kind / 3, one, other),
    }
}

fn of_pager(kind: u8) -> String {
    match kind % 4 {
        0 => "{% for x in pager.items %}[{{ x.title }}]{% endfor %}",
        1 => "{{ pager.page }}/{{ pager.pages }} of {{ pager.total }}",
        2 => "{{ pager.prev }}|{{ pager.next }}|{{ pager.first }}|{{ pager.last }}",
        _ => "{{ pager.items | json }}",
    }
    .to_owned()
}

fn of_entry(sight: &Sight<'_>, ty: &Type, kind: u8, one: u8, other: u8) -> String {
    let link = {
        let links: Vec<_> = ty.links().collect();
        links
            .get(usize::from(one) % links.len().max(1))
            .map(|(link, target, many)| (link.name.clone(), *target, *many))
    };
    let own: Vec<_> = ty.attributes.iter().filter(|a| a.kind != Kind::Slug).collect();
    match (kind % 8, link) {
        (0 | 1, _) => of_attribute(
            &own[usize::from(one) % own.len()].name,
            own[usize::from(one) % own.len()].kind,
            sight,
            other,
        ),
        (2, _) => {
            let direction = if one.is_multiple_of(2) { "previous" } else { "next" };
            let show = match other % 3 {
                0 => "{{ url_for(entry=n) }}",
                1 => "{{ n.title }}",
                _ => "{{ n.documentId }}",
            };
            let arguments = list_arguments(sight, ty, one / 2);
            let fields = if other % 3 == 1 { "title" } else { "documentId" };
            format!(
                "{{% set n = {direction}(entry=entry{arguments}, fields=[\"{fields}\"]) %}}{{% if n %}}{show}{{% else %}}at the end{{% endif %}}"
            )
        }
        (3, Some((link, ..))) => {
            format!(
                "{{% for x in related(entry=entry, by={}, sort={}, fields=[\"title\"], limit={}) %}}~{{{{ x.title }}}}{{% endfor %}}",
                if one < 128 { format!("[\"{link}\"]") } else { format!("{{\"{link}\": 2}}") },
                literal(&sort(ty, other)),
                other % 3 + 1
            )
        }
        (4, Some((link, target, _))) => {
            let back = &sight.model.types[target];
            let uid = back.uid();
            let of = format!(
                "{{\"{}\": {{\"documentId\": entry.documentId}} }}",
                other_side(sight.model, back, &link)
            );
            format!(
                "{{{{ count(type=\"{uid}\", filters={of}) }}}}{{% for x in entries(type=\"{uid}\", filters={of}, fields=[\"title\"]) %}}+{{{{ x.title }}}}{{% endfor %}}"
            )
        }
        (5, _) => {
            "{% for a in page.alternates %}{{ a.locale }}={{ a.url }} {% endfor %}".to_owned()
        }
        (6, _) => "{{ entry | json }}".to_owned(),
        // A title that is null makes this fail.
        (7, _) if one < 60 => "{{ entry?.title | upper }}".to_owned(),
        _ => "<h1>{{ entry?.title }}</h1>".to_owned(),
    }
}

/// The attribute of `back` that leads here: its side of the bond, or the document's own id.
fn other_side(model: &Model, back: &Type, link: &str) -> String {
    let twin = if link.contains("link") {
        link.replace("link", "mirror")
    } else {
        link.replace("mirror", "link")
    };
    let _ = model;
    if back.has(&twin) { twin } else { "documentId".to_owned() }
}

fn of_attribute(name: &str, kind: Kind, sight: &Sight<'_>, choice: u8) -> String {
    let value = format!("entry?.{name}");
    match kind {
        Kind::Text | Kind::Slug | Kind::Number | Kind::Flag | Kind::Mood => {
            format!("{name}: {{{{ {value} }}}}")
        }
        Kind::Rich | Kind::Blocks if choice.is_multiple_of(4) => {
            format!("{{{{ {value} | toc(min=1) | json }}}}{{{{ {value} | plain(length=9) }}}}")
        }
        Kind::Rich => format!("{{{{ {value} | markdown }}}}"),
        Kind::Blocks => format!("{{{{ {value} | blocks }}}}"),
        Kind::Day => format!(
            "{{% if {value} %}}{{{{ {value} | date(format=\"%d %B %Y\", locale=page.locale) }}}}{{% endif %}}"
        ),
        Kind::Picture if choice % 3 == 1 => {
            let placeholder = choice.is_multiple_of(2);
            format!(
                "{{% if {value} %}}{{{{ picture(file={value}, width=2, placeholder={placeholder}) }}}}{{% endif %}}"
            )
        }
        Kind::Picture if choice % 3 == 2 => {
            let (width, height) = (choice % 4 + 1, choice / 4 % 4 + 1);
            format!(
                "{{% if {value} %}}{{{{ image(file={value}, width={width}, height={height}, format=\"png\") }}}}{{% endif %}}"
            )
        }
        Kind::Picture => format!(
            "{{% if {value} %}}<img src=\"{{{{ image(file={value}, width=400) }}}}\">{{% endif %}}"
        ),
        Kind::Pictures => {
            format!("{{% for p in {value} or [] %}}<img src=\"{{{{ p.url }}}}\">{{% endfor %}}")
        }
        Kind::Card => format!("{{{{ {value}?.label }}}}{{{{ {value} | json }}}}"),
        Kind::Cards | Kind::Zone => {
            format!("{{% for part in {value} or [] %}}{{{{ part | json }}}}{{% endfor %}}")
        }
        Kind::Link { target, many } | Kind::Mirror { target, many } => {
            let show = if sight.routed.contains(&target) {
                "{{ <card story={x} /> }}"
            } else {
                "{{ x?.title }}"
            };
            if many {
                format!("{{% for x in {value} or [] %}}{show}{{% endfor %}}")
            } else {
                format!("{{% set x = {value} %}}{{% if x %}}{show}{{% endif %}}")
            }
        }
    }
}

fn of_site(sight: &Sight<'_>, kind: u8, one: u8, other: u8) -> String {
    let (at, ty) = sight.model.collection(usize::from(other));
    let uid = ty.uid();
    match kind % OF_SITE {
        0 | 1 => format!("{{% for x in entries(type=\"{uid}\"{}, fields=[\"title\"], limit={}, start={}) %}}{{{{ x.title }}}};{{% endfor %}}", list_arguments(sight, ty, one), one % 3 + 1, other / 4 % 2),
        2 => format!("{{{{ entries(type=\"{uid}\"{}, populate={}) | json }}}}", list_arguments(sight, ty, one), literal(&populate(sight.model, ty, one / 2))),
        3 => {
            let id = ty.document(usize::from(one));
            let fields = if one < 128 { ", fields=[\"title\"]" } else { "" };
            format!("{{% set e = entry(type=\"{uid}\", id=\"{id}\"{fields}) %}}{{% if e %}}{{{{ e.title }}}}{{% else %}}no {id}{{% endif %}}")
        }
        4 => format!("{{% set e = entry(type=\"{uid}\", slug=\"{}-{}0\") %}}{{% if e %}}{{{{ e.documentId }}}}{{% else %}}none{{% endif %}}", one % 4, if ty.localized { "en" } else { "" }),
        5 => "{% set s = single(type=\"api::setting.setting\", populate=[\"cover\"]) %}{{ s?.title }}<img src=\"{{ s?.cover?.url }}\">".to_owned(),
        6 => {
            let filters = filters(sight.model, ty, one);
            let filters = filters.map(|filters| format!(", filters={}", literal(&filters)));
            let locale = if other > 200 && ty.localized { ", locale=\"de\"" } else { "" };
            format!("{{{{ count(type=\"{uid}\"{}{locale}) }}}} {}", filters.unwrap_or_default(), ty.name)
        }
        7 => format!("<link href=\"{{{{ asset(path=\"{}\") }}}}\">", ["a.css", "b/c.txt"][usize::from(one % 2)]),
        8 => match one % 5 {
            0 => "{{ site.title }}".to_owned(),
            1 => "{{ site.words?[page.locale]?.more }}".to_owned(),
            2 => "{% for m in site.menu?.items or [] %}<a href=\"{{ m.url }}\">{{ m.label }}</a>{% endfor %}".to_owned(),
            3 => "{{ site.base_url }}{{ page.url }}".to_owned(),
            _ => "{{ site?.extra?.note }}".to_owned(),
        },
        9 if sight.routed.contains(&at) => format!("{{% for x in entries(type=\"{uid}\"{}, fields=[\"documentId\"]) %}}<a href=\"{{{{ url_for(entry=x) }}}}\"></a>{{% endfor %}}", list_arguments(sight, ty, one)),
        10 => {
            let locale = if one.is_multiple_of(3) { "*" } else { LOCALES[usize::from(one) % LOCALES.len()] };
            format!("{{% for x in entries(type=\"{uid}\", locale=\"{locale}\", sort=\"title\", fields=[\"title\"]) %}}{{{{ x.title }}}} {{% endfor %}}")
        }
        11 => {
            let id = ty.document(usize::from(one));
            let direction = if one < 128 { "previous" } else { "next" };
            format!("{{% set e = entry(type=\"{uid}\", id=\"{id}\", fields=[\"documentId\"]) %}}{{% if e %}}{{% set n = {direction}(entry=e, fields=[\"title\"], sort=\"rank\") %}}{{% if n %}}{{{{ n.title }}}}{{% else %}}last{{% endif %}}{{% endif %}}")
        }
        INCLUDE => "{% include \"part.html\" %}".to_owned(),
        13 if sight.routed.contains(&at) => format!("{{% for x in entries(type=\"{uid}\"{}, fields=[\"title\"]) %}}{{{{ <card story={{x}} /> }}}}{{% endfor %}}", list_arguments(sight, ty, one)),
        14 if one.is_multiple_of(4) => "as of {{ now() }}".to_owned(),
        14 if one.is_multiple_of(2) => format!("{{% for x in entries(type=\"{uid}\", filters={{\"createdAt\": {{\"$lt\": now()}} }}, fields=[\"title\"]) %}}{{{{ x.title }}}}{{% endfor %}}"),
        14 => format!("{{% for name, group in entries(type=\"{uid}\", fields=[\"rank\", \"title\"]) | group_by(attribute=\"rank\") %}}{{{{ name }}}}:{{{{ group | length }}}} {{% endfor %}}"),
        16 if sight.routed.contains(&at) => {
            let format = ["atom", "rss", "json"][usize::from(one % 3)];
            let content = if ty.has("body") { ", content=\"body\"" } else { "" };
            format!("{{{{ feed(format=\"{format}\", entries=entries(type=\"{uid}\"{}), entry_title=\"slug\"{content}) }}}}", list_arguments(sight, ty, one))
        }
        17 => {
            let (by, unit) = match one % 4 {
                0 if ty.has("day") => ("day".to_owned(), ", unit=\"month\""),
                1 if ty.has("mood") => ("mood".to_owned(), ""),
                2 if ty.links().next().is_some() => {
                    (ty.links().next().map(|(link, ..)| format!("{}.title", link.name)).unwrap_or_default(), "")
                }
                _ => ("rank".to_owned(), ""),
            };
            let filters = filters(sight.model, ty, other);
            let filters = filters.map(|filters| format!(", filters={}", literal(&filters)));
            format!("{{% for g in groups(type=\"{uid}\", by=\"{by}\"{unit}{}) %}}{{{{ g.value }}}}:{{{{ g.count }}}} {{{{ g.url }}}} {{% endfor %}}", filters.unwrap_or_default())
        }
        18 if one.is_multiple_of(2) => "{% for c in breadcrumbs() %}{{ c.title }}={{ c.url }} {% endfor %}".to_owned(),
        18 => format!("{{% for p in pages(below=\"/r{}/\") %}}{{{{ p.url }}}} {{{{ p.title }}}};{{% endfor %}}", one / 2 % 4),
        19 if one.is_multiple_of(2) => "{% for m in site.menu?.items or [] | menu %}{{ m.url }} {{ m.active }}{% endfor %}".to_owned(),
        _ => "{% for a in page.alternates %}{{ a.url }} {% endfor %}{{ page.locale }}".to_owned(),
    }
}
