//! The whole product as its users have it: a real content server, a real daemon and a real
//! nginx, on loopback, each test with a stack of its own.

mod check;
mod dev;
mod example;
mod faults;
mod full_disk;
pub(super) mod http;
mod pairing;
mod postgres;
mod preview;
pub(super) mod process;
mod publish;
mod sessions;
pub(super) mod stack;
mod storm;
mod two_hosts;
