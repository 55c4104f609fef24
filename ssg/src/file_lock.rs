//! Advisory locks between processes that share a folder: the release store,
//! the content cache, the token file.
//!
//! A lock is an empty file held with `flock`, so the kernel lets go of it
//! when its holder dies, however it dies. It must never be deleted while
//! somebody may wait for it: two processes would then hold "the" lock.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

/// How long a second process waits for a folder before it gives up.
pub const LOCK_WAIT: Duration = Duration::from_secs(60);

/// A held lock; dropping it lets the next process in.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("another process has held `{}` for more than {} s", path.display(), waited.as_secs())]
    TimedOut { path: PathBuf, waited: Duration },
    #[error("cannot lock `{}`", path.display())]
    Io { path: PathBuf, source: io::Error },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Shared,
    Exclusive,
}

impl FileLock {
    /// Waits up to `wait` to be the only holder.
    pub fn exclusive(path: &Path, wait: Duration) -> Result<Self, LockError> {
        Self::acquire(path, wait, Kind::Exclusive)
    }

    /// Waits up to `wait` for exclusive holders to leave; shares with readers.
    pub fn shared(path: &Path, wait: Duration) -> Result<Self, LockError> {
        Self::acquire(path, wait, Kind::Shared)
    }

    fn acquire(path: &Path, wait: Duration, kind: Kind) -> Result<Self, LockError> {
        let failed = |source| LockError::Io { path: path.to_owned(), source };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(failed)?;
        let tried = match kind {
            Kind::Shared => file.try_lock_shared(),
            Kind::Exclusive => file.try_lock(),
        };
        match tried {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
            Err(TryLockError::WouldBlock) if wait.is_zero() => {
                Err(LockError::TimedOut { path: path.to_owned(), waited: wait })
            }
            Err(TryLockError::WouldBlock) => wait_for(file, path, wait, kind),
        }
    }
}

/// `flock` has no time-out, so a thread waits in our place. When we give up
/// first it still gets the lock one day, finds nobody listening and drops it.
fn wait_for(file: File, path: &Path, wait: Duration, kind: Kind) -> Result<FileLock, LockError> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let waiter = move || {
        let locked = match kind {
            Kind::Shared => file.lock_shared(),
            Kind::Exclusive => file.lock(),
        };
        // A closed channel means the caller gave up: dropping the file unlocks it.
        let _ = sender.send(locked.map(|()| file));
    };
    thread::Builder::new()
        .name("lock-wait".into())
        .spawn(waiter)
        .map_err(|source| LockError::Io { path: path.to_owned(), source })?;
    match receiver.recv_timeout(wait) {
        Ok(Ok(file)) => Ok(FileLock { _file: file }),
        Ok(Err(source)) => Err(LockError::Io { path: path.to_owned(), source }),
        Err(_) => Err(LockError::TimedOut { path: path.to_owned(), waited: wait }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn a_second_holder_waits_and_then_gives_up() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = FileLock::exclusive(&path, SOON).unwrap();
        assert!(matches!(FileLock::exclusive(&path, SOON), Err(LockError::TimedOut { .. })));
        assert!(matches!(FileLock::shared(&path, SOON), Err(LockError::TimedOut { .. })));
        drop(held);
        FileLock::exclusive(&path, LONG).unwrap();
    }

    #[test]
    fn a_waiting_holder_gets_the_lock_as_soon_as_it_is_free() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = FileLock::exclusive(&path, SOON).unwrap();
        let waiting = path.clone();
        let waiter = thread::spawn(move || FileLock::exclusive(&waiting, LONG).map(drop));
        drop(held);
        waiter.join().unwrap().unwrap();
    }

    #[test]
    fn readers_share() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let _one = FileLock::shared(&path, SOON).unwrap();
        let _two = FileLock::shared(&path, SOON).unwrap();
        assert!(FileLock::exclusive(&path, SOON).is_err());
    }
}
