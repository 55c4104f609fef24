//! Dotted paths: `populate=author.avatar,tags`.

use indexmap::IndexMap;

use crate::error::ApiError;
use crate::query::{Link, Populate};

use super::fragment;
use crate::query_parse::QueryParser;
use crate::query_parse::problem::{Param, join};
use crate::query_parse::shape::{Shape, Target, shape_of};

type Path<'t> = Vec<&'t str>;

/// The paths in texts with commas.
pub(super) fn split<'t>(texts: &[&'t str]) -> Vec<Path<'t>> {
    let paths = texts.iter().flat_map(|text| text.split(',')).map(|path| {
        path.split('.').map(str::trim).filter(|name| !name.is_empty()).collect::<Path<'_>>()
    });
    paths.filter(|path| !path.is_empty()).collect()
}

impl<'a> QueryParser<'a> {
    pub(super) fn check_path(
        &self,
        path: &[&str],
        shape: Shape<'a>,
        above: Option<&str>,
    ) -> Result<(), ApiError> {
        let Some((head, tail)) = path.split_first() else { return Ok(()) };
        let here = join(above, head);
        let invalid = || Param::Populate.invalid_key(head, Some(&here));
        match self.find(shape, head).ok_or_else(invalid)?.target {
            Target::Scalar(_) => Err(invalid()),
            _ if tail.is_empty() => Ok(()),
            Target::Beyond | Target::Link { link: Link::Media { .. }, .. } => Err(invalid()),
            Target::Link { shape, .. } => self.check_path(tail, shape, Some(&here)),
            Target::Zone(components) => self.check_in_zone(tail, components, &here),
        }
    }

    /// Below a zone a path must make sense for one of its components.
    fn check_in_zone(
        &self,
        path: &[&str],
        components: &[String],
        above: &str,
    ) -> Result<(), ApiError> {
        let Some((head, tail)) = path.split_first() else { return Ok(()) };
        let fits = components.iter().filter_map(|uid| shape_of(self.model, uid)).any(|shape| {
            match self.find(shape, head).map(|found| found.target) {
                None => false,
                Some(_) if tail.is_empty() => true,
                Some(Target::Link { link, shape, .. }) => {
                    !matches!(link, Link::Media { .. })
                        && self.check_path(tail, shape, None).is_ok()
                }
                Some(_) => false,
            }
        });
        let here = join(Some(above), head);
        fits.then_some(()).ok_or_else(|| Param::Populate.invalid_key(head, Some(&here)))
    }

    /// Gathers the paths by their first attribute.
    pub(super) fn populate_paths(&self, paths: &[Path<'_>], shape: Shape<'a>) -> Vec<Populate> {
        let mut heads: IndexMap<&str, Vec<Path<'_>>> = IndexMap::new();
        for path in paths {
            if let Some((head, tail)) = path.split_first() {
                let tails = heads.entry(head).or_default();
                if !tail.is_empty() {
                    tails.push(tail.to_vec());
                }
            }
        }
        let built = heads.into_iter().filter_map(|(head, tails)| {
            let mut populate = self.plain(head, shape)?;
            match self.find(shape, head)?.target {
                Target::Link { shape, .. } => {
                    populate.populate = self.populate_paths(&tails, shape);
                }
                Target::Zone(components) if !tails.is_empty() => {
                    populate.on = Some(self.paths_in_zone(&tails, components));
                }
                _ => {}
            }
            Some(populate)
        });
        built.collect()
    }

    fn paths_in_zone(&self, paths: &[Path<'_>], components: &[String]) -> Vec<(String, Populate)> {
        let built = components.iter().filter_map(|uid| {
            let mut fragment = fragment(uid);
            fragment.populate = self.populate_paths(paths, shape_of(self.model, uid)?);
            Some((uid.clone(), fragment))
        });
        built.collect()
    }
}
