//! Parts of a query, for those who put one together themselves: where an attribute leads, and
//! which of what it leads to is meant, in which order.

use serde_json::Value;

use crate::error::ApiError;
use crate::query::{Filter, Link, SortKey};

use super::problem::Param;
use super::shape::{Target, shape_of};
use super::{QueryParser, coerce};

impl QueryParser<'_> {
    /// Where an attribute of a type or component leads; `None` for a scalar, for one that leads
    /// nowhere, and where the caller may not find what it leads to.
    #[must_use]
    pub fn link_of(&self, uid: &str, attribute: &str) -> Option<Link> {
        match self.find(shape_of(self.model, uid)?, attribute)?.target {
            Target::Link { link, readable: true, .. } => Some(link),
            Target::Zone(components) => Some(Link::DynamicZone { components: components.to_vec() }),
            Target::Link { .. } | Target::Scalar(_) | Target::Beyond => None,
        }
    }

    /// Conditions and order for what is populated of a type or component.
    ///
    /// # Errors
    /// As [`QueryParser::list`], and for a sort key that leads elsewhere: what is populated is
    /// ordered by its own fields.
    pub fn conditions_of(
        &self,
        uid: &str,
        filters: &Value,
        sort: &Value,
    ) -> Result<(Filter, Vec<SortKey>), ApiError> {
        let Some(shape) = shape_of(self.model, uid) else { return Ok(Default::default()) };
        let mut conditions = (Filter::default(), Vec::new());
        if coerce::is_given(filters) {
            self.check_filters(filters, shape, Param::Filters)?;
        }
        if coerce::is_given(sort) {
            self.check_sort(sort, shape, Param::Sort)?;
            conditions.1 = self.sort(sort, shape)?;
        }
        if coerce::is_given(filters) {
            conditions.0 = self.filters(filters, shape)?;
        }
        match conditions.1.iter().find(|key| !key.through.is_empty()) {
            None => Ok(conditions),
            Some(key) => Err(ApiError::validation(format!(
                "Invalid sort: what is populated is ordered by its own fields, not by {}",
                key.field
            ))),
        }
    }
}
