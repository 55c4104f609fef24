//! One binary for all integration tests: linking is the dear part.

mod integration {
    mod releases;
}
