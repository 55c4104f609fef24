//! The verbs against a real database, without HTTP.

mod locales;
mod random;
mod relations;
mod rules;
mod world;
