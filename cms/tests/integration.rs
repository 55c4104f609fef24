//! Every test of the server that needs a database or HTTP; one binary, modules below.

#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

mod integration {
    mod accounts;
    mod actions;
    mod administration;
    mod agreement;
    mod bucket;
    mod cards;
    mod client;
    mod components;
    mod conditional;
    mod conformance;
    mod contract;
    mod cost;
    mod damage;
    mod databases;
    mod events;
    mod files;
    mod graphql;
    mod harness;
    mod indexes;
    mod linking;
    mod load;
    mod model;
    mod pairing;
    mod postgres;
    mod process;
    mod reading;
    mod replicas;
    mod routing;
    mod s3;
    mod service;
    mod spellings;
    mod store;
    mod sync;
    mod transfer;
    mod webhooks;
    mod write;
}
