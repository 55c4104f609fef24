//! Who is asking, and what they may do.

pub mod api_token;
pub mod permission;
pub mod secret;
