//! The API proxy as visitors meet it: a scripted CMS behind, a clock that the test moves; and
//! the real one, for what only both together can show.

mod bench;
mod caching;
mod coalescing;
mod credentials;
mod crossing;
mod declared;
mod failing;
mod forms;
mod passing;
mod purging;
mod real;
