//! How often one client may send one form.
//!
//! One moment is kept per client: when all its posts so far would have been sent if they had
//! come at the even pace of the limit.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::site::proxy::Rate;

/// Clients that are remembered; with more the ones that have waited longest are forgotten.
const MOST_CLIENTS: usize = 10_000;

type Client = (String, IpAddr);

#[derive(Debug, Default)]
pub(crate) struct Limiter(Mutex<HashMap<Client, Duration>>);

impl Limiter {
    /// # Errors
    /// With the seconds to wait.
    pub(super) fn admit(&self, client: Client, rate: Rate, now: Duration) -> Result<(), u64> {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let step = rate.per / rate.count;
        let paced = clients.get(&client).copied().unwrap_or_default().max(now);
        let ahead = paced - now;
        let room = rate.per.saturating_sub(step);
        if ahead > room {
            return Err((ahead - room).as_secs().max(1));
        }
        if clients.len() >= MOST_CLIENTS {
            clients.retain(|_, paced| *paced > now);
        }
        if clients.len() >= MOST_CLIENTS
            && let Some(first) = clients.iter().min_by_key(|(_, paced)| **paced)
        {
            let first = first.0.clone();
            clients.remove(&first);
        }
        clients.insert(client, paced + step);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_at_once_and_then_at_an_even_pace() {
        let limiter = Limiter::default();
        let rate = Rate { count: 3, per: Duration::from_secs(60) };
        let send = |client: &str, at: u64| {
            let client = ("/f".to_owned(), client.parse().unwrap());
            limiter.admit(client, rate, Duration::from_secs(1_000 + at))
        };
        for _ in 0..3 {
            assert_eq!(send("192.0.2.1", 0), Ok(()));
        }
        assert_eq!(send("192.0.2.1", 0), Err(20));
        assert_eq!(send("192.0.2.2", 0), Ok(()));
        assert_eq!(send("192.0.2.1", 20), Ok(()));
        assert_eq!(send("192.0.2.1", 21), Err(19));
        for _ in 0..3 {
            assert_eq!(send("192.0.2.1", 100), Ok(()));
        }
    }
}
