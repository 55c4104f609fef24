//! Static site generator: see ARCHITECTURE.md for the four strata.
