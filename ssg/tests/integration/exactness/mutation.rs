//! Whether the property can fail: without any one kind of read it must.
//!
//! One kind per test run, another every day; `GALLEY_SOAK` asks for all of them.

use proptest::test_runner::TestError;

use super::desk::ABSENCE;
use super::{STEPS, TestCaseError, case, run, runner, seed, soak};

const KINDS: [&str; 15] = [
    "entry", "query", "count", "previous", "next", "url", "asset", "template", "config", "page",
    "time", "groups", "pages", "made", ABSENCE,
];
/// Sequences within which the loss must be noticed: several times what it took when measured.
const ENOUGH: u64 = 1_500;

/// How many sequences it takes to notice that reads of a kind are not recorded.
fn noticed_after(kind: &str) -> Option<u64> {
    let tried = std::cell::Cell::new(0);
    // Nobody looks at the case: it need not be a small one.
    let result = runner(u64::MAX, ENOUGH, 0).run(&case(STEPS), |case| {
        tried.set(tried.get() + 1);
        run(&case, Some(kind)).map_err(TestCaseError::fail)
    });
    match result {
        Ok(()) => None,
        Err(TestError::Fail(why, _)) => {
            eprintln!(
                "without reads of kind `{kind}`, sequence {}: {}",
                tried.get(),
                why.message()
            );
            Some(tried.get())
        }
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

#[test]
fn a_kind_of_read_that_is_not_recorded_is_noticed() {
    let today = KINDS[usize::try_from(seed()).unwrap() % KINDS.len()];
    let kinds = if soak().is_some() { KINDS.to_vec() } else { vec![today] };
    for kind in kinds {
        let after = noticed_after(kind);
        assert!(after.is_some(), "`{kind}` may be forgotten for {ENOUGH} sequences unnoticed");
    }
}
