//! `cms user create`

use std::process::ExitCode;

use clap::Subcommand;

use serde_json::Map;

use crate::auth::{password, roles, secret, users};
use crate::config::Storage;
use crate::documents::validate::is_email;
use crate::error::AppError;
use crate::store::users::Key;
use crate::store::{StoreError, feed};
use crate::{bootstrap, clock};

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Create a user who can log in with `POST /api/auth/local`
    Create(Box<Create>),
    /// Print a code with which a user sets a new password at `POST /api/auth/reset-password`
    Reset {
        /// E-mail address
        #[arg(long, env = "CMS_USER_EMAIL")]
        email: String,
        #[command(flatten)]
        storage: Storage,
    },
}

#[derive(clap::Args)]
pub(crate) struct Create {
    /// E-mail address
    #[arg(long, env = "CMS_USER_EMAIL")]
    email: String,
    /// Password; better given by the environment than on the command line
    #[arg(long, env = "CMS_USER_PASSWORD", hide_env_values = true)]
    password: String,
    /// User name [default: the e-mail address]
    #[arg(long, env = "CMS_USER_NAME")]
    username: Option<String>,
    /// Type of the user's role
    #[arg(long, env = "CMS_USER_ROLE", default_value = roles::DEFAULT)]
    role: String,
    #[command(flatten)]
    storage: Storage,
}

// The password must not reach a log through `{:?}`.
impl std::fmt::Debug for Create {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Create").field("email", &self.email).finish_non_exhaustive()
    }
}

/// Shortest user name, as the user type's schema says.
const MIN_USERNAME_LENGTH: usize = 3;

pub(crate) fn run(command: UserCommand) -> anyhow::Result<ExitCode> {
    match command {
        UserCommand::Create(args) => create(&args),
        UserCommand::Reset { email, storage } => reset(&email, &storage),
    }
}

/// Only the hash of the code is stored; it works once.
fn reset(email: &str, storage: &Storage) -> anyhow::Result<ExitCode> {
    let code = secret::random_text()?;
    let stored = secret::hash(&code);
    let db = bootstrap::open_database(storage)?;
    let found = db.write::<_, StoreError>(|conn| {
        let Some(user) = users::by_key(conn, Key::Email, &email.to_lowercase())? else {
            return Ok(false);
        };
        let changes = Map::from_iter([("resetPasswordToken".to_owned(), stored.as_str().into())]);
        users::update(conn, &user, changes, clock::now())?;
        Ok(true)
    })?;
    if !found {
        anyhow::bail!("there is no user with the address `{email}`");
    }
    println!("{code}");
    Ok(ExitCode::SUCCESS)
}

fn create(args: &Create) -> anyhow::Result<ExitCode> {
    check(args)?;
    let username = args.username.as_deref().unwrap_or(&args.email);
    let hash = password::hash(&args.password)?;
    let db = bootstrap::open_database(&args.storage)?;
    let created = db.write::<_, AppError>(|conn| {
        feed::next(conn, "registry")?;
        if users::is_taken(conn, username, &args.email)? {
            return Ok(Err(format!("`{username}` or `{}` is taken already", args.email)));
        }
        let Some(role) = roles::by_type(conn, &args.role)? else {
            return Ok(Err(unknown_role(conn, &args.role)?));
        };
        let new = users::NewUser {
            username,
            email: &args.email,
            password_hash: &hash,
            confirmed: true,
            blocked: false,
            role: &role.identity.document_id,
        };
        Ok(Ok(users::create(conn, new, clock::now())?.number))
    })?;
    match created {
        Ok(id) => println!("{id}"),
        Err(message) => anyhow::bail!(message),
    }
    Ok(ExitCode::SUCCESS)
}

fn check(args: &Create) -> anyhow::Result<()> {
    if !is_email(&args.email) {
        anyhow::bail!("`{}` is no e-mail address", args.email);
    }
    if args.password.chars().count() < password::MIN_LENGTH {
        anyhow::bail!("the password needs at least {} characters", password::MIN_LENGTH);
    }
    if args.password.len() > password::MAX_BYTES {
        anyhow::bail!("the password has more than {} bytes", password::MAX_BYTES);
    }
    if args.username.as_ref().is_some_and(|name| name.chars().count() < MIN_USERNAME_LENGTH) {
        anyhow::bail!("the user name needs at least {MIN_USERNAME_LENGTH} characters");
    }
    Ok(())
}

/// Names the roles there are.
pub(super) fn unknown_role(
    conn: &mut crate::store::Conn,
    role: &str,
) -> Result<String, crate::store::StoreError> {
    let known: Vec<String> =
        roles::all(conn)?.iter().map(|role| format!("`{}`", roles::kind(role))).collect();
    Ok(format!("there is no role `{role}`; known are {}", known.join(", ")))
}
