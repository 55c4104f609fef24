//! Who is asking, and what they may do.

pub mod api_token;
pub(crate) mod device;
pub(crate) mod inspect;
pub mod jwt;
pub mod keys;
pub mod limit;
pub mod pairing;
pub mod password;
pub mod permission;
pub mod roles;
pub mod secret;
pub mod sessions;
pub mod users;
