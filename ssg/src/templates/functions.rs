//! The functions templates call: each asks the page's snapshot, route table or
//! assets, and notes the question with its answer's fingerprint.
//!
//! Functions that answer from content take the REST API's own words. There is
//! no limit on a list unless the template gives one.

mod content;
mod image;
mod links;

use tera::Tera;

pub(crate) fn register(tera: &mut Tera) {
    content::register(tera);
    image::register(tera);
    links::register(tera);
}
