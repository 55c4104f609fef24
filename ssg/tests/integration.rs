//! One binary for all integration tests: linking is the dear part.

#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

mod integration {
    mod cdn;
    mod check;
    mod cli;
    mod client;
    mod daemon;
    mod deploy;
    mod doctor;
    mod end_to_end;
    mod exactness;
    mod fake_cms;
    mod features;
    mod folders;
    mod gate;
    mod guard;
    mod history;
    mod interrupted;
    mod magazine;
    mod nginx;
    mod nodes;
    mod plain_strapi;
    mod precompressed;
    mod proxy;
    mod rebuild;
    mod releases;
    mod rules;
    #[path = "../../../cms/tests/integration/s3.rs"]
    mod s3;
    mod service;
    mod serving;
    mod site_harness;
    mod under_load;
}
