//! The promise: after whatever was done to a site, the published tree is byte for byte the one
//! a clean build gives, and nothing was rendered without a reason.
//!
//! Random content models, templates and sites are edited in random steps. The number of
//! sequences suits a test run; `GALLEY_SOAK=20000` asks for more. The seed follows the day, so
//! that a failure can be repeated and tomorrow tries others; `GALLEY_SEED` sets it.

use std::time::{SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use serde_json::Value;

use desk::Desk;
use model::Model;
use oracle::Again;
use site::Design;
use verbs::{At, Step};

mod desk;
mod fragments;
pub(super) mod killed;
mod model;
mod mutation;
mod oracle;
mod site;
mod verbs;

/// Sequences in a plain test run, over all parts.
const SEQUENCES: u64 = 2_000;
/// Parts run side by side.
const PARTS: u64 = 2;
const STEPS: usize = 8;
const SECONDS_PER_DAY: u64 = 86_400;

#[derive(Debug, Clone)]
struct Case {
    model: (Model, Value),
    design: Design,
    beginning: Vec<(At, Vec<u8>)>,
    steps: Vec<Step>,
}

fn case(steps: usize) -> impl Strategy<Value = Case> {
    // Most are short: a mistake mostly shows at once, and the site before it may be any.
    let steps = prop_oneof![
        4 => prop::collection::vec(verbs::step(), 1..=2),
        1 => prop::collection::vec(verbs::step(), 1..=steps),
    ];
    (model::model(), site::design(), verbs::beginning(), steps)
        .prop_map(|(model, design, beginning, steps)| Case { model, design, beginning, steps })
}

/// Runs a sequence; the error says what is not as promised.
fn run(case: &Case, deaf_to: Option<&str>) -> Result<(), String> {
    let mut desk = Desk::new(case.model.clone(), case.design.clone(), &case.beginning, deaf_to);
    let first = desk.build(Default::default())?;
    desk.check(&first, Again::No).map_err(|error| format!("at first: {error}"))?;
    for (number, step) in case.steps.iter().enumerate() {
        let again = match number + 1 {
            last if last == case.steps.len() => Again::Cold,
            number if number % 3 == 0 => Again::Warm,
            _ => Again::No,
        };
        let built = desk.step(step).and_then(|built| desk.check(&built, again));
        built.map_err(|error| format!("after step {number}, {step:?}: {error}"))?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a switch of the test run, not of the product")]
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

fn soak() -> Option<u64> {
    number("GALLEY_SOAK")
}

/// Another one every day.
fn seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    number("GALLEY_SEED").unwrap_or(now.as_secs() / SECONDS_PER_DAY)
}

fn runner(part: u64, cases: u64, max_shrink_iters: u32) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed().to_le_bytes());
    bytes[8..16].copy_from_slice(&part.to_le_bytes());
    let config = Config {
        cases: u32::try_from(cases).unwrap(),
        max_shrink_iters,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// Shrinking a case is worth this many tries.
const SHRINK: u32 = 400;

fn every_step_ends_in_the_site_a_clean_build_gives(part: u64) {
    let cases = soak().unwrap_or(SEQUENCES) / PARTS;
    let result = runner(part, cases, SHRINK)
        .run(&case(STEPS), |case| run(&case, None).map_err(TestCaseError::fail));
    match result {
        Ok(()) => {}
        Err(TestError::Fail(why, case)) => {
            panic!("{why}\n{}GALLEY_SEED={}, part {part}", told(&case), seed())
        }
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

/// A case as people read it.
fn told(case: &Case) -> String {
    let files = case.design.files(&case.model.0);
    let files = files.iter().map(|(file, text)| format!("-- {file} --\n{text}\n"));
    let beginning = case.beginning.iter().map(|row| format!("{row:?}\n"));
    let steps = case.steps.iter().map(|step| format!("{step:?}\n"));
    files.chain(beginning).chain(steps).collect()
}

#[test]
fn every_step_ends_in_the_site_a_clean_build_gives_one_half() {
    every_step_ends_in_the_site_a_clean_build_gives(0);
}

#[test]
fn every_step_ends_in_the_site_a_clean_build_gives_other_half() {
    every_step_ends_in_the_site_a_clean_build_gives(1);
}
