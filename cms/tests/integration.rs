//! Every test of the server that needs a database or HTTP; one binary, modules below.

mod integration {
    mod store;
}
