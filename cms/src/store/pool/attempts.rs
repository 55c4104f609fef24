//! Running a transaction again.
//!
//! Only what certainly left nothing behind is repeated, and not for ever: a request that cannot
//! get through is answered 503, which tells its client to come again.

use std::time::Duration;

use crate::store::Transient;

/// Repetitions after the first attempt.
const MOST: u32 = 6;
/// Wait before the first repetition; each further one waits twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(5);

/// Runs `attempt` until it succeeds, fails for good, or has failed too often.
pub(super) fn repeat<T, E: Transient>(mut attempt: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    for failed in 0..MOST {
        match attempt() {
            Err(error) if error.is_transient() => {
                std::thread::park_timeout(pause(failed, random()));
            }
            done => return done,
        }
    }
    attempt()
}

/// Between half of the wait and all of it: two that were in each other's way come back at
/// different times.
fn pause(failed: u32, random: u8) -> Duration {
    let whole = FIRST_PAUSE * 2_u32.pow(failed);
    whole / 2 + whole / 2 * u32::from(random) / u32::from(u8::MAX)
}

fn random() -> u8 {
    let mut byte = [0];
    // Without a random number both wait as long, and one of them once more.
    getrandom::fill(&mut byte).map_or(0, |()| byte[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;

    fn contended() -> StoreError {
        StoreError::Contended("deadlock detected".into())
    }

    #[test]
    fn what_left_nothing_behind_is_repeated_until_it_succeeds() {
        let mut runs = 0;
        let done = repeat(|| {
            runs += 1;
            if runs < 4 { Err(contended()) } else { Ok(runs) }
        });
        assert_eq!(done.unwrap(), 4);
    }

    #[test]
    fn it_is_given_up_in_the_end_and_other_errors_at_once() {
        let mut runs = 0;
        let failed: Result<(), _> = repeat(|| {
            runs += 1;
            Err(contended())
        });
        assert!(failed.unwrap_err().is_transient());
        assert_eq!(runs, MOST + 1);
        let mut runs = 0;
        let failed: Result<(), _> = repeat(|| {
            runs += 1;
            Err(StoreError::Conflict("taken".into()))
        });
        assert!(!failed.unwrap_err().is_transient());
        assert_eq!(runs, 1);
    }

    #[test]
    fn pauses_grow_and_differ() {
        assert_eq!(pause(0, 255), FIRST_PAUSE);
        assert_eq!(pause(0, 0), FIRST_PAUSE / 2);
        assert_eq!(pause(3, 255), FIRST_PAUSE * 8);
    }
}
