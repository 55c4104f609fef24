//! The verbs against a real database, without HTTP.

mod bodies;
mod events;
mod locales;
mod random;
mod relations;
mod rules;
mod world;
