//! What a bucket is owed: objects that must go, and such that must get their place.
//!
//! A folder and the database are on one machine and fail together. A bucket may be away while
//! the database is not. So whatever is to happen to its objects is noted in the transaction
//! that makes it true, and done afterwards, again and again until it succeeded. An upload notes
//! its objects before it sends them: what becomes of no row goes after a day.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::watch;

use super::storage::bucket::{Bucket, Trouble};
use super::storage::{ABANDONED_AFTER, FileName};
use crate::app::App;
use crate::auth::secret;
use crate::clock;
use crate::store::{Conn, Database, StoreError, feed, settings as notes};

/// Objects that go once the time in the note has come.
const DOOMED: &str = "uploads.doomed/";
/// Objects that become those which the notes are called after.
const PLACING: &str = "uploads.placing/";
/// Who settles at the moment, and until when nobody else does.
const SETTLING: &str = "uploads.settling";
/// Longer than one request to a bucket takes with all its repetitions.
const CLAIM_MILLIS: i64 = 5 * 60 * 1000;
/// Between two looks at what is still owed.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Beginning of the keys of objects that wait for their place. No stored name begins so.
const WAITING: &str = ".replacing-";

/// A key for an object that is to become `name`.
pub(crate) fn waiting_key(name: &FileName) -> anyhow::Result<String> {
    Ok(format!("{WAITING}{}-{}", secret::random_text()?, name.as_str()))
}

/// Objects that will go in a day unless they are spared.
pub(crate) fn doom_later<'a>(
    conn: &mut Conn,
    keys: impl IntoIterator<Item = &'a str>,
) -> Result<(), StoreError> {
    let day = i64::try_from(ABANDONED_AFTER.as_millis()).unwrap_or(i64::MAX);
    doom_at(conn, keys, clock::now().saturating_add(day))
}

/// Objects that nothing needs any longer.
pub(crate) fn doom<'a>(
    conn: &mut Conn,
    keys: impl IntoIterator<Item = &'a str>,
) -> Result<(), StoreError> {
    let keys: Vec<_> = keys.into_iter().collect();
    for key in &keys {
        let note = format!("{PLACING}{key}");
        if let Some(waiting) = notes::get(conn, &note)? {
            doom_at(conn, [waiting.as_str()], clock::now())?;
            notes::remove(conn, &note)?;
        }
    }
    doom_at(conn, keys, clock::now())
}

fn doom_at<'a>(
    conn: &mut Conn,
    keys: impl IntoIterator<Item = &'a str>,
    at: i64,
) -> Result<(), StoreError> {
    for key in keys {
        notes::set(conn, &format!("{DOOMED}{key}"), &at.to_string())?;
    }
    Ok(())
}

/// Objects that rows name now.
pub(crate) fn spare<'a>(
    conn: &mut Conn,
    keys: impl IntoIterator<Item = &'a str>,
) -> Result<(), StoreError> {
    for key in keys {
        notes::remove(conn, &format!("{DOOMED}{key}"))?;
    }
    Ok(())
}

/// A name that gets other bytes now: nothing noted before concerns it.
pub(crate) fn let_be(conn: &mut Conn, name: &FileName) -> Result<(), StoreError> {
    doom(conn, [name.as_str()])?;
    spare(conn, [name.as_str()])
}

/// An object that is to become `name`. One that was to before goes.
pub(crate) fn place(conn: &mut Conn, from: &str, name: &FileName) -> Result<(), StoreError> {
    let note = format!("{PLACING}{}", name.as_str());
    if let Some(before) = notes::get(conn, &note)? {
        doom_at(conn, [before.as_str()], clock::now())?;
    }
    notes::set(conn, &note, from)?;
    spare(conn, [from, name.as_str()])
}

/// Gives the bucket what it is owed, again and again until the server stops.
pub(crate) async fn keep(app: App, mut stopped: watch::Receiver<bool>) {
    if app.uploads.bucket().is_none() {
        return;
    }
    loop {
        settle(&app).await;
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
    }
}

/// Gives the bucket what it is owed. Trouble is told in the log: it is tried again.
pub(crate) async fn settle(app: &App) {
    let Some(bucket) = app.uploads.bucket().cloned() else { return };
    let db = app.db.clone();
    let done = actix_web::web::block(move || settle_now(&db, &bucket)).await;
    if let Err(error) = done.map_err(anyhow::Error::from).flatten() {
        tracing::warn!(error = format!("{error:#}"), "the bucket is still owed something");
    }
}

/// One debt.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Debt {
    Removal { key: String, due: String },
    Placing { from: String, name: FileName },
}

/// Does everything that is due. Another one who is at it is left alone, and does what is due
/// until nothing is: whatever was noted before it let go is done by it.
///
/// # Errors
/// When the bucket or the database refuses; what is left stays noted.
pub(crate) fn settle_now(db: &Database, bucket: &Bucket) -> anyhow::Result<()> {
    let me = secret::random_text()?;
    let nothing = db.read::<_, StoreError>(|conn| due(conn, &BTreeSet::new()))?.is_none();
    if nothing {
        return Ok(());
    }
    let mut failure = None;
    let mut failed = BTreeSet::new();
    loop {
        let debt = db.write::<_, StoreError>(|conn| next(conn, &me, &failed))?;
        let Some(debt) = debt else { break };
        match pay(bucket, &debt) {
            Ok(()) => db.write::<_, StoreError>(|conn| forget(conn, &debt))?,
            // Whoever does not answer is not asked again for each debt.
            Err(error) if matches!(error.downcast_ref(), Some(Trouble::Unreachable { .. })) => {
                db.write::<_, StoreError>(|conn| notes::remove(conn, SETTLING))?;
                return Err(error);
            }
            Err(error) => {
                failed.insert(note_of(&debt));
                failure.get_or_insert(error);
            }
        }
    }
    failure.map_or(Ok(()), |error| Err(error).context("giving the bucket what it is owed"))
}

/// What is to be done next, when it is upon `me` to do it.
fn next(conn: &mut Conn, me: &str, failed: &BTreeSet<String>) -> Result<Option<Debt>, StoreError> {
    // Of two servers that look at once one waits, and then sees the other's claim.
    feed::hold(conn)?;
    let now = clock::now();
    let claim = notes::get(conn, SETTLING)?;
    let claim = claim.as_deref().and_then(|claim| claim.split_once(' '));
    let others = claim.is_some_and(|(who, until)| {
        who != me && until.parse::<i64>().is_ok_and(|until| until > now)
    });
    if others {
        return Ok(None);
    }
    let debt = due(conn, failed)?;
    match debt {
        Some(_) => notes::set(conn, SETTLING, &format!("{me} {}", now + CLAIM_MILLIS))?,
        None => notes::remove(conn, SETTLING)?,
    }
    Ok(debt)
}

fn due(conn: &mut Conn, failed: &BTreeSet<String>) -> Result<Option<Debt>, StoreError> {
    let placings = notes::beginning(conn, PLACING)?.into_iter().filter_map(|(note, from)| {
        let name = FileName::parse(note.strip_prefix(PLACING)?)?;
        Some(Debt::Placing { from, name })
    });
    let removals = notes::beginning(conn, DOOMED)?.into_iter().filter_map(|(note, due)| {
        let key = note.strip_prefix(DOOMED)?.to_owned();
        let is_due = due.parse::<i64>().is_ok_and(|due| due <= clock::now());
        is_due.then_some(Debt::Removal { key, due })
    });
    Ok(placings.chain(removals).find(|debt| !failed.contains(&note_of(debt))))
}

fn note_of(debt: &Debt) -> String {
    match debt {
        Debt::Removal { key, .. } => format!("{DOOMED}{key}"),
        Debt::Placing { name, .. } => format!("{PLACING}{}", name.as_str()),
    }
}

fn pay(bucket: &Bucket, debt: &Debt) -> anyhow::Result<()> {
    match debt {
        Debt::Removal { key, .. } => bucket.remove(key),
        Debt::Placing { from, name } => bucket.copy(from, name),
    }
}

/// Takes the note away unless it says something else by now.
fn forget(conn: &mut Conn, debt: &Debt) -> Result<(), StoreError> {
    let (Debt::Removal { due: said, .. } | Debt::Placing { from: said, .. }) = debt;
    feed::hold(conn)?;
    let note = note_of(debt);
    if notes::get(conn, &note)?.as_ref() == Some(said) {
        notes::remove(conn, &note)?;
        if let Debt::Placing { from, .. } = debt {
            doom(conn, [from.as_str()])?;
        }
    }
    Ok(())
}
