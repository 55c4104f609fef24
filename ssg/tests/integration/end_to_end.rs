//! The whole product as its users have it: a real content server, a real daemon and a real
//! nginx, on loopback, each test with a stack of its own.

mod example;
mod faults;
pub(super) mod http;
mod pairing;
pub(super) mod process;
mod publish;
pub(super) mod stack;
mod two_hosts;
