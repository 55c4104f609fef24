//! `now`: the time, as far as a page may know it.
//!
//! A page that showed the time to the second would be out of date at once. A route says
//! with `revalidate` how old its pages may get; for them the time stands still for as long.
//! It is a read like any other: when it moves on, the pages that looked at it are rendered.

use tera::{Error, Kwargs, State, Tera};

use crate::engine::{Key, recorder};
use crate::templates::arguments::Arguments;
use crate::templates::scope;

pub(super) const NOW: [&str; 0] = [];

pub(super) fn register(tera: &mut Tera) {
    tera.register_function("now", |given: Kwargs, _: &State<'_>| now(&given));
}

/// The beginning of the route's present period, as the API writes times.
fn now(given: &Kwargs) -> Result<String, Error> {
    let arguments = Arguments::new("now", given, &NOW)?;
    let scope = scope::current()?;
    let Some(period) = scope.revalidate else {
        return Err(arguments.error(
            "the page's route does not say how often it is rendered again; give it \
             `revalidate = \"10m\"` in site.toml",
        ));
    };
    recorder::record(Key::Time { seconds: period.seconds() }, period.answer(scope.now));
    Ok(period.text(scope.now))
}
