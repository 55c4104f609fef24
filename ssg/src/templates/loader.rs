//! Loads the templates of a folder, checks them as a set, renders pages.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tera::{Context, Tera};
use walkdir::WalkDir;

use super::check::check;
use super::deps::Closures;
use super::fault::{Faults, TemplateFault};
use super::filters::text::Texts;
use super::host::Components;
use super::scan::{Call, Tag, scan, tags};
use super::scope::{self, Scope};
use super::types::{Lookup, Names, Relations, lookups};
use super::{builtin, filters, functions};
use crate::content::Snapshot;
use crate::engine::Fingerprint;
use crate::nearest;
use crate::render::markdown::Style;

/// Files with these extensions are templates.
const EXTENSIONS: [&str; 4] = ["html", "xml", "txt", "json"];
/// Values in templates with these are escaped.
const ESCAPED: [&str; 2] = [".html", ".xml"];
/// Files below this folder are published as they are.
const STATIC: &str = "static";
/// Tera's window into the whole context: its order differs from run to run, and no question
/// would be noted.
const FORBIDDEN: [(&str, &str); 1] =
    [("__tera_context", "`__tera_context` is not available: name the values you need")];

/// A set of templates that was checked as a whole. A changed file makes a new set.
#[derive(Clone)]
pub struct Templates {
    tera: Arc<Tera>,
    closures: Arc<Closures>,
    texts: Arc<Texts>,
    /// Calls of functions by the template that makes them.
    calls: Vec<(String, Call)>,
    /// All tags by template, to find out what names stand for.
    tags: Arc<Vec<(String, Vec<Tag>)>>,
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Templates").field("closures", &self.closures).finish_non_exhaustive()
    }
}

impl Templates {
    /// Loads every template below a folder.
    ///
    /// # Errors
    /// All faults of syntax and all names that do not exist, each with its place.
    pub fn load(folder: &Path) -> Result<Self, Faults> {
        Self::from_sources(read(folder)?)
    }

    /// Checks templates by name and text.
    ///
    /// # Errors
    /// As [`Templates::load`].
    pub fn from_sources(mut sources: BTreeMap<String, String>) -> Result<Self, Faults> {
        builtin::add(&mut sources);
        let mut faults: Vec<_> =
            sources.iter().flat_map(|(name, text)| forbidden(name, text)).collect();
        let texts = Arc::default();
        let mut tera = empty(&texts);
        // One at a time first: a set is refused at its first syntax error, and somebody who
        // made three wants to see three.
        for (name, text) in &sources {
            let mut alone = empty(&texts);
            if let Err(error) = alone.add_raw_template(name, text)
                && matches!(error.kind(), tera::ErrorKind::SyntaxError(_))
            {
                faults.push(TemplateFault::of_error(name, &error));
            }
        }
        if faults.is_empty()
            && let Err(error) = tera.add_raw_templates(&sources)
        {
            faults.extend(TemplateFault::of_set(&error));
        }
        if faults.is_empty() {
            let calls = sources.iter().flat_map(|(name, text)| {
                let calls = scan(text).map(|scan| scan.functions).unwrap_or_default();
                calls.into_iter().map(|call| (name.clone(), call))
            });
            let calls = calls.collect();
            let closures = Arc::new(Closures::new(&sources));
            let tags = sources.iter().map(|(name, text)| {
                // A file that is not understood says nothing about its names.
                (name.clone(), tags(text).unwrap_or_default())
            });
            let tags = Arc::new(tags.collect());
            return Ok(Self { tera: Arc::new(tera), closures, texts, calls, tags });
        }
        faults.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        Err(Faults(faults))
    }

    /// Calls whose literal arguments the content model does not accept, each with its place.
    #[must_use]
    pub fn check(&self, snapshot: &Snapshot) -> Vec<TemplateFault> {
        let calls = self.calls.iter();
        calls.filter_map(|(file, call)| check(file, call, snapshot)).collect()
    }

    /// Every attribute looked up in an entry whose type is known, by template; `names` tells
    /// what a template's pages give it.
    #[must_use]
    pub fn lookups(
        &self,
        names: &dyn Fn(&str) -> Names,
        relations: &dyn Relations,
    ) -> Vec<(String, Lookup)> {
        lookups(&self.tags, names, relations)
    }

    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.tera.contains_template(name)
    }

    /// What is wrong with naming this template, if there is none of this name.
    #[must_use]
    pub fn objection(&self, name: &str) -> Option<String> {
        let known = || self.names().join("`, `");
        let is_there = self.contains(name);
        let hint = || nearest::hint(name, self.names().into_iter());
        (!is_there)
            .then(|| format!("there is no template `{name}`; there are `{}`{}", known(), hint()))
    }

    /// Says how texts are shown; once, before anything is rendered.
    pub fn set_style(&self, style: &Style) {
        self.texts.set_style(style);
    }

    /// Names of all templates in order.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let names = self.tera.get_template_names();
        let mut names: Vec<_> = names.filter(|name| !builtin::is_builtin(name)).collect();
        names.sort_unstable();
        names
    }

    /// The fingerprint of a template's text and of all it extends, includes and calls;
    /// absent when there is no such template.
    #[must_use]
    pub fn fingerprint(&self, name: &str) -> Fingerprint {
        self.closures.fingerprint(name)
    }

    #[must_use]
    pub fn closures(&self) -> &Closures {
        &self.closures
    }

    /// Renders a page. Reads are noted with [`crate::engine::recorder`], which the caller
    /// has started on this thread.
    ///
    /// # Errors
    /// What went wrong first, with the place in the template.
    pub fn render(
        &self,
        name: &str,
        context: &Context,
        scope: Scope,
    ) -> Result<String, TemplateFault> {
        let components =
            Components { tera: Arc::clone(&self.tera), closures: Arc::clone(&self.closures) };
        let guard = scope::enter(scope, components);
        self.tera.render(name, context).map_err(|error| {
            let mut fault = TemplateFault::of_error(name, &error);
            fault.field = guard.blamed(context.get("entry"));
            fault
        })
    }
}

impl Templates {
    /// Renders what is no page: functions that ask for content say that there is none.
    ///
    /// # Errors
    /// As [`Templates::render`].
    pub fn fragment(&self, name: &str, context: &Context) -> Result<String, TemplateFault> {
        self.tera.render(name, context).map_err(|error| TemplateFault::of_error(name, &error))
    }
}

fn empty(texts: &Arc<Texts>) -> Tera {
    let mut tera = Tera::default();
    tera.autoescape_on(ESCAPED);
    functions::register(&mut tera, texts);
    filters::register(&mut tera, texts);
    tera
}

fn forbidden(name: &str, text: &str) -> Vec<TemplateFault> {
    let words = scan(text).map(|scan| scan.words).unwrap_or_default();
    let faults = words.into_iter().filter_map(|(word, line, column)| {
        let (_, message) = FORBIDDEN.iter().find(|(forbidden, _)| *forbidden == word)?;
        Some(TemplateFault::at(name, line, column, *message))
    });
    faults.collect()
}

fn read(folder: &Path) -> Result<BTreeMap<String, String>, Faults> {
    let mut sources = BTreeMap::new();
    let mut faults = Vec::new();
    let below_static = folder.join(STATIC);
    let files = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter();
    for file in files.filter_entry(|entry| entry.path() != below_static) {
        match file {
            Ok(file) if is_template(file.path()) && file.file_type().is_file() => {
                let name = name_of(folder, file.path());
                match std::fs::read_to_string(file.path()) {
                    Ok(text) => drop(sources.insert(name, text)),
                    Err(error) => {
                        faults.push(TemplateFault::in_file(&name, format!("unreadable: {error}")));
                    }
                }
            }
            Ok(_) => {}
            Err(error) => {
                let path = error.path().map_or_else(PathBuf::new, Path::to_path_buf);
                let message = format!("unreadable: {error}");
                faults.push(TemplateFault::in_file(&name_of(folder, &path), message));
            }
        }
    }
    if faults.is_empty() { Ok(sources) } else { Err(Faults(faults)) }
}

fn is_template(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let extension = path.extension().and_then(|extension| extension.to_str());
    !hidden && extension.is_some_and(|extension| EXTENSIONS.contains(&extension))
}

/// The path below the folder, with `/` whatever the system writes.
fn name_of(folder: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(folder).unwrap_or(path);
    let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}
