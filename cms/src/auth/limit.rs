//! How often one client may try to log in.
//!
//! The count is kept in the database: it holds across restarts, and across servers.

use std::net::IpAddr;

use cms_api::error::{ApiError, ErrorName};

use crate::config::Rate;
use crate::error::AppResult;
use crate::store::throttle::{self, Quota};
use crate::store::{Conn, StoreError};

/// Counts attempts per client and route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthLimit(Option<Quota>);

impl AuthLimit {
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self(rate.0.map(|(times, span)| {
            let all = i64::try_from(span.as_millis()).unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
            Quota { each: (all / i64::from(times.get())).max(1), all }
        }))
    }

    /// Whether there is anything to count.
    #[must_use]
    pub fn is_off(self) -> bool {
        self.0.is_none()
    }

    /// Counts one attempt at `now`, in Unix milliseconds.
    ///
    /// # Errors
    /// 429 when there were too many; those of the database.
    pub fn check(self, conn: &mut Conn, client: IpAddr, route: &str, now: i64) -> AppResult<()> {
        let Some(quota) = self.0 else { return Ok(()) };
        if throttle::attempt(conn, &format!("{route} {client}"), quota, now)? {
            return Ok(());
        }
        let message = "Too many requests, please try again later.";
        Err(ApiError::new(ErrorName::RateLimitError, message).into())
    }
}

/// Forgets clients that may try as often as anybody again.
///
/// # Errors
/// Those of the database.
pub(crate) fn prune(conn: &mut Conn, now: i64) -> Result<usize, StoreError> {
    throttle::prune(conn, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::AppError;
    use crate::store::Database;

    /// Says of attempts at these times (client, route, milliseconds) which are allowed.
    fn allowed(rate: &str, attempts: &[(u8, &str, i64)]) -> Vec<bool> {
        let folder = tempfile::tempdir().unwrap();
        let db = Database::open(&crate::databases::database(folder.path()).parse().unwrap());
        let db = db.unwrap();
        db.migrate().unwrap();
        let limit = AuthLimit::new(rate.parse().unwrap());
        let check = |(client, route, at): &(u8, &str, i64)| {
            let client = [10, 0, 0, *client].into();
            db.write::<_, AppError>(|conn| limit.check(conn, client, route, *at)).is_ok()
        };
        attempts.iter().map(check).collect()
    }

    #[test]
    fn each_client_and_route_has_its_own_count() {
        let attempts =
            [(1, "login", 0), (1, "login", 1), (1, "login", 2), (2, "login", 2), (1, "join", 2)];
        assert_eq!(allowed("2/1h", &attempts), [true, true, false, true, true]);
    }

    #[test]
    fn attempts_come_back_one_by_one_and_refused_ones_cost_nothing() {
        let at = |seconds: i64| (1, "login", seconds * 1_000);
        let attempts =
            [at(0), at(0), at(9), at(10), at(10), at(19), at(20), at(60), at(60), at(60)];
        let expected = [true, true, false, true, false, false, true, true, true, false];
        assert_eq!(allowed("2/20s", &attempts), expected);
    }

    #[test]
    fn off_never_refuses() {
        assert_eq!(allowed("off", &[(1, "login", 0); 9]), [true; 9]);
    }
}
