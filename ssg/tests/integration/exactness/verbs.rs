//! What editors, developers and operators do to a site.
//!
//! A new verb is a variant of [`Verb`], a line in [`verb`] and an arm in [`Desk::apply`]. What
//! happens to the program rather than to the site is a [`How`].

use proptest::prelude::*;
use serde_json::json;
use ssg::build::Phase;
use ssg::release::FaultPoint;

use super::desk::Desk;
use super::fragments::Piece;
use super::model::{DOCUMENTS, FILES, Kind, LOCALES, Place, SLUGS};
use super::site::{piece, without_include};

/// Numbers are taken modulo what there is to choose from.
#[derive(Debug, Clone)]
pub(super) enum Verb {
    /// Publishes a document anew, whether it was there or not.
    Publish {
        at: At,
        variants: Vec<u8>,
    },
    Unpublish {
        at: At,
    },
    /// In every locale.
    Delete {
        at: At,
    },
    Edit {
        at: At,
        attribute: u8,
        variant: u8,
    },
    Rename {
        at: At,
        slug: u8,
    },
    /// Gives a relation other targets.
    Relate {
        at: At,
        link: u8,
        variant: u8,
    },
    /// The same targets in another order.
    Reorder {
        at: At,
        link: u8,
    },
    /// A translation as the original is, under another slug.
    Translate {
        at: At,
        to: u8,
    },
    Upload {
        file: u8,
        content: u8,
    },
    DeleteFile {
        file: u8,
    },
    Template {
        route: u8,
        piece: Piece,
    },
    /// The included part, the base, or the component.
    SharedTemplate {
        which: u8,
        piece: Piece,
    },
    /// Deletes a template, or brings it back.
    TemplateFile {
        which: u8,
    },
    /// Changes, removes or brings back a static file.
    Asset {
        which: u8,
        content: Option<u8>,
    },
    Title {
        text: u8,
    },
    Words {
        words: u8,
    },
    Menu {
        menu: u8,
    },
    Extra,
    SiteLocales {
        number: u8,
    },
    /// Removes a route, or brings it back.
    Route {
        which: u8,
    },
    PerPage {
        which: u8,
        number: u8,
    },
    /// Time goes by.
    Clock {
        minutes: u8,
    },
}

/// A document in a locale; where it has to exist, one of those that do.
#[derive(Debug, Clone, Copy)]
pub(super) struct At {
    ty: u8,
    number: u8,
    locale: u8,
}

/// How the change reaches the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Build,
    /// The program was started anew before.
    Restart,
    /// The content is pulled first, the build comes later.
    Pull,
    /// As before, with a new program for the build.
    PullRestart,
    /// Nothing is asked of the CMS.
    Offline,
    /// Everything is rendered again.
    Clean,
    /// The program dies at this point of the build and is started again.
    Kill {
        place: Death,
        after: u8,
    },
}

/// Where a program dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Death {
    Build(Phase),
    Release(FaultPoint),
}

#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) verbs: Vec<Verb>,
    pub(super) how: How,
}

fn at() -> impl Strategy<Value = At> {
    (0..6_u8, 0..DOCUMENTS as u8, 0..4_u8).prop_map(|(ty, number, locale)| At {
        ty,
        number,
        locale,
    })
}

pub(super) fn variants() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0..12_u8, 1..=4)
}

fn verb() -> impl Strategy<Value = Verb> {
    let n = any::<u8>;
    prop_oneof![
        6 => (at(), variants()).prop_map(|(at, variants)| Verb::Publish { at, variants }),
        4 => at().prop_map(|at| Verb::Unpublish { at }),
        3 => at().prop_map(|at| Verb::Delete { at }),
        8 => (at(), n(), n()).prop_map(|(at, attribute, variant)| Verb::Edit { at, attribute, variant }),
        6 => (at(), 0..SLUGS as u8).prop_map(|(at, slug)| Verb::Rename { at, slug }),
        4 => (at(), n(), n()).prop_map(|(at, link, variant)| Verb::Relate { at, link, variant }),
        2 => (at(), n()).prop_map(|(at, link)| Verb::Reorder { at, link }),
        3 => (at(), n()).prop_map(|(at, to)| Verb::Translate { at, to }),
        2 => (n(), n()).prop_map(|(file, content)| Verb::Upload { file, content }),
        1 => n().prop_map(|file| Verb::DeleteFile { file }),
        4 => (n(), piece()).prop_map(|(route, piece)| Verb::Template { route, piece }),
        2 => (n(), piece()).prop_map(|(which, piece)| Verb::SharedTemplate { which, piece }),
        1 => n().prop_map(|which| Verb::TemplateFile { which }),
        3 => (n(), prop::option::weighted(0.8, n())).prop_map(|(which, content)| Verb::Asset { which, content }),
        1 => n().prop_map(|text| Verb::Title { text }),
        2 => n().prop_map(|words| Verb::Words { words }),
        1 => n().prop_map(|menu| Verb::Menu { menu }),
        1 => Just(Verb::Extra),
        1 => n().prop_map(|number| Verb::SiteLocales { number }),
        1 => n().prop_map(|which| Verb::Route { which }),
        1 => (n(), 1..4_u8).prop_map(|(which, number)| Verb::PerPage { which, number }),
        4 => n().prop_map(|minutes| Verb::Clock { minutes }),
    ]
}

fn how() -> impl Strategy<Value = How> {
    let phases = Phase::ALL.map(Death::Build);
    let places: Vec<_> = phases.into_iter().chain(FaultPoint::ALL.map(Death::Release)).collect();
    prop_oneof![
        12 => Just(How::Build),
        4 => Just(How::Restart),
        1 => Just(How::Pull),
        2 => Just(How::PullRestart),
        2 => Just(How::Offline),
        1 => Just(How::Clean),
        4 => (prop::sample::select(places), 0..3_u8).prop_map(|(place, after)| How::Kill { place, after }),
    ]
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let verbs = prop_oneof![
        6 => prop::collection::vec(verb(), 1),
        1 => prop::collection::vec(verb(), 2..=3),
    ];
    (verbs, how()).prop_map(|(verbs, how)| Step { verbs, how })
}

fn chosen<T>(items: &[T], number: u8) -> Option<&T> {
    items.get(usize::from(number) % items.len().max(1))
}

impl Desk {
    pub(super) fn apply(&mut self, verb: &Verb) {
        match &self.meant(verb) {
            Verb::Publish { at, variants } => self.publish(*at, variants),
            Verb::Unpublish { at } => {
                let (uid, id, locale) = self.named(*at);
                self.cms.unpublish(&uid, &id, locale);
            }
            Verb::Delete { at } => {
                let (uid, id, _) = self.named(*at);
                self.cms.delete(&uid, &id);
            }
            Verb::Edit { at, attribute, variant } => {
                let model = self.model.clone();
                let place = place(&model.types[..], *at);
                let editable: Vec<_> = place
                    .ty
                    .attributes
                    .iter()
                    .filter(|a| !matches!(a.kind, Kind::Slug | Kind::Mirror { .. }))
                    .collect();
                let Some(attribute) = chosen(&editable, *attribute) else { return };
                let value = model.value(attribute.kind, &place, usize::from(*variant));
                self.edit(*at, &attribute.name, value);
            }
            Verb::Rename { at, slug } => {
                let model = self.model.clone();
                let place = place(&model.types, *at);
                if !place.ty.single {
                    let slug = model.value(Kind::Slug, &place, usize::from(*slug));
                    self.edit(*at, "slug", slug);
                }
            }
            Verb::Relate { at, link, variant } => {
                let model = self.model.clone();
                let place = place(&model.types, *at);
                let Some(link) = chosen(&own_links(&place), *link).copied() else { return };
                let value = model.value(link.kind, &place, usize::from(*variant));
                self.edit(*at, &link.name, value);
            }
            Verb::Reorder { at, link } => {
                let model = self.model.clone();
                let place = place(&model.types, *at);
                let Some(link) = chosen(&own_links(&place), *link).copied() else { return };
                let Some(mut row) = self.row(*at) else { return };
                if let Some(targets) = row[&link.name].as_array_mut() {
                    targets.reverse();
                    let targets = json!(targets);
                    self.edit(*at, &link.name, targets);
                }
            }
            Verb::Translate { at, to } => {
                let model = self.model.clone();
                let to = At { locale: *to, ..*at };
                let place = place(&model.types, to);
                let Some(mut row) = self.row(*at).filter(|_| place.ty.localized) else { return };
                if !place.ty.single {
                    row["slug"] = model.value(Kind::Slug, &place, 0);
                }
                self.put(to, row);
            }
            Verb::Upload { file, content } => self.upload(usize::from(*file), *content),
            Verb::DeleteFile { file } => {
                let file = FILES[usize::from(*file) % FILES.len()];
                self.cms.delete(cms_api::builtin::FILE, file);
            }
            Verb::Template { route, piece } => {
                let routes = self.design.routes.len();
                let route = &mut self.design.routes[usize::from(*route) % routes];
                let at = usize::from(piece.2) % route.pieces.len();
                route.pieces[at] = *piece;
            }
            Verb::SharedTemplate { which, piece } => match which % 3 {
                0 => self.design.part = vec![without_include(*piece)],
                1 => self.design.base = vec![without_include(*piece)],
                _ => self.design.card = piece.0,
            },
            Verb::TemplateFile { which } => {
                let names = ["page0.html", "card.html", "part.html", "base.html"];
                let name = names[usize::from(*which) % names.len()].to_owned();
                match self.design.missing.iter().position(|missing| *missing == name) {
                    Some(at) => drop(self.design.missing.remove(at)),
                    None => self.design.missing.push(name),
                }
            }
            Verb::Asset { which, content } => {
                self.design.files[usize::from(*which) % 3] = *content;
            }
            Verb::Title { text } => self.design.title = *text,
            Verb::Words { words } => self.design.words = *words,
            Verb::Menu { menu } => self.design.menu = *menu,
            Verb::Extra => self.design.extra = !self.design.extra,
            Verb::SiteLocales { number } => {
                self.design.locales = usize::from(*number) % LOCALES.len() + 1;
            }
            Verb::Route { which } => {
                let routes = self.design.routes.len();
                let route = &mut self.design.routes[usize::from(*which) % routes];
                route.removed = !route.removed;
            }
            Verb::PerPage { which, number } => {
                let routes = self.design.routes.len();
                self.design.routes[usize::from(*which) % routes].per_page = *number;
            }
            Verb::Clock { minutes } => self.now += i64::from(*minutes) * 60,
        }
    }

    /// The verb about a document that exists, if it needs one.
    fn meant(&self, verb: &Verb) -> Verb {
        let mut verb = verb.clone();
        if let Verb::Unpublish { at }
        | Verb::Delete { at }
        | Verb::Edit { at, .. }
        | Verb::Rename { at, .. }
        | Verb::Relate { at, .. }
        | Verb::Reorder { at, .. }
        | Verb::Translate { at, .. } = &mut verb
        {
            *at = self.existing(*at);
        }
        verb
    }

    fn existing(&self, at: At) -> At {
        let rows = self.cms.rows();
        let rows: Vec<_> = rows.keys().filter(|(uid, ..)| *uid != cms_api::builtin::FILE).collect();
        let wanted = usize::from(at.ty) + 6 * usize::from(at.number) + 24 * usize::from(at.locale);
        let Some((uid, id, locale)) = rows.get(wanted % rows.len().max(1)) else { return at };
        let position = |found: Option<usize>| found.and_then(|at| u8::try_from(at).ok());
        let digit = id.chars().last().and_then(|digit| digit.to_digit(10)).unwrap_or_default();
        At {
            ty: position(self.model.types.iter().position(|ty| ty.uid() == *uid)).unwrap_or(at.ty),
            number: u8::try_from(digit).unwrap_or_default(),
            locale: position(LOCALES.iter().position(|code| code == locale)).unwrap_or(at.locale),
        }
    }

    pub(super) fn publish(&mut self, at: At, variants: &[u8]) {
        let model = self.model.clone();
        let row = model.row(&place(&model.types, at), variants);
        self.put(at, row);
    }

    fn put(&mut self, at: At, mut row: serde_json::Value) {
        let (uid, id, locale) = self.named(at);
        // Publishing makes a new row.
        row["id"] = json!(self.next_row());
        row.as_object_mut().unwrap().remove("locale");
        row.as_object_mut().unwrap().remove("updatedAt");
        self.cms.publish(&uid, &id, locale, row);
    }

    fn edit(&mut self, at: At, attribute: &str, value: serde_json::Value) {
        if let Some(mut row) = self.row(at) {
            row[attribute] = value;
            self.put(at, row);
        }
    }

    fn row(&self, at: At) -> Option<serde_json::Value> {
        let (uid, id, locale) = self.named(at);
        self.cms.row(&uid, &id, locale)
    }

    fn named(&self, at: At) -> (String, String, &'static str) {
        let model = &self.model;
        let place = Place {
            ty: model.ty(usize::from(at.ty)),
            number: usize::from(at.number),
            locale: usize::from(at.locale),
        };
        let locale =
            if place.ty.localized { LOCALES[usize::from(at.locale) % LOCALES.len()] } else { "" };
        (place.ty.uid(), place.id(), locale)
    }
}

/// The documents a site begins with.
pub(super) fn beginning() -> impl Strategy<Value = Vec<(At, Vec<u8>)>> {
    prop::collection::vec((at(), variants()), 4..=8)
}

fn place(types: &[super::model::Type], at: At) -> Place<'_> {
    let ty = &types[usize::from(at.ty) % types.len()];
    Place { ty, number: usize::from(at.number), locale: usize::from(at.locale) }
}

fn own_links<'a>(place: &Place<'a>) -> Vec<&'a super::model::Attribute> {
    let attributes = place.ty.attributes.iter();
    attributes.filter(|a| matches!(a.kind, Kind::Link { .. })).collect()
}
