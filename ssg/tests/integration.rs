//! One binary for all integration tests: linking is the dear part.

#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

mod integration {
    mod magazine;
    mod rebuild;
    mod releases;
    mod site_harness;
}
