//! Settings, webhooks and locales: `configuration/` and the locales among the entities.

use std::collections::{BTreeMap, BTreeSet};

use cms_api::webhook::Secret;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Importer;
use super::entries::{EntityLine, millis};
use crate::auth::secret;
use crate::locales;
use crate::store::webhooks::{self, WebhookRow};
use crate::store::{archive, registry};
use crate::transfer::archive::lines::Line;
use crate::transfer::kept::Kept;
use crate::transfer::names::{
    ADVANCED, DEFAULT_LOCALE, OWN_PERMISSIONS, OWN_WEBHOOKS, SEEN_SCHEMAS,
};

const REGISTER: &str = "plugin::users-permissions.auth.register";
const USUAL_DIALECT: &str = "strapi";

#[derive(Debug, Deserialize)]
struct ConfigurationLine {
    #[serde(rename = "type")]
    kind: String,
    value: Map<String, Value>,
}

/// The parts of `configuration/` that mean something here.
#[derive(Debug, Default)]
pub(super) struct Configuration {
    core_store: BTreeMap<String, Map<String, Value>>,
    webhooks: Vec<Map<String, Value>>,
}

impl Configuration {
    /// # Errors
    /// When the line is not JSON of this form.
    pub(super) fn read(&mut self, line: &Line<'_>) -> anyhow::Result<()> {
        let ConfigurationLine { kind, value } = line.parse()?;
        match (kind.as_str(), value.get("key").and_then(Value::as_str)) {
            ("core-store", Some(key)) => {
                self.core_store.insert(key.to_owned(), value);
            }
            ("webhook", _) => self.webhooks.push(value),
            _ => return Err(line.refuse(format!("unknown configuration `{kind}`"))),
        }
        Ok(())
    }

    fn value(&self, key: &str) -> Option<&Value> {
        self.core_store.get(key)?.get("value")
    }

    /// The locale of requests that name none.
    pub(super) fn default_locale(&self) -> Option<&str> {
        self.value(DEFAULT_LOCALE)?.as_str()
    }
}

impl Importer<'_> {
    /// Adds the locales that are missing, and makes the archive's default one ours.
    ///
    /// # Errors
    /// When a code is none; those of the database.
    pub(super) fn locales(
        &mut self,
        mut lines: Vec<EntityLine>,
        default: Option<&str>,
    ) -> anyhow::Result<()> {
        lines.sort_by_key(|line| line.id);
        let known = registry::locales(self.conn)?;
        for EntityLine { data, .. } in &lines {
            let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
            let code = locales::parse_code(text("code"))
                .map_err(|what| crate::transfer::Refused::new(format!("entities: {what}")))?;
            let usual = locales::display_name(&code);
            let name = if text("name").is_empty() { &usual } else { text("name") };
            let created = data.get("createdAt").and_then(|at| millis(at).ok()).unwrap_or(self.now);
            if known.iter().any(|locale| locale.code == code) {
                archive::describe_locale(self.conn, &code, name, created)?;
                continue;
            }
            registry::add_locale(self.conn, &code, name, false, created)?;
            self.report.locales.push(code);
        }
        let locales = registry::locales(self.conn)?;
        let current = locales.first().map(|locale| locale.code.as_str());
        if let Some(default) = default.filter(|code| current != Some(code))
            && locales.iter().any(|locale| locale.code == default)
        {
            registry::set_default_locale(self.conn, default)?;
            self.report.note(format!("the default locale is now `{default}`"));
        }
        let locales = registry::locales(self.conn)?;
        if let Some(first) = locales.first() {
            self.default_locale = first.code.clone();
        }
        Ok(())
    }

    /// Takes over the rest. Returns whether the archive says what roles may do in our words.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) fn configure(&mut self, configuration: &Configuration) -> anyhow::Result<bool> {
        for (key, row) in &configuration.core_store {
            let own = [DEFAULT_LOCALE, SEEN_SCHEMAS, OWN_PERMISSIONS, OWN_WEBHOOKS];
            if !own.contains(&key.as_str()) {
                let mut row = row.clone();
                row.retain(|name, _| name != "id" && name != "key");
                Kept::CoreStore.put(self.conn, key, &Value::Object(row))?;
            }
        }
        let exact = self.own_permissions(configuration.value(OWN_PERMISSIONS));
        self.registration(configuration.value(ADVANCED));
        self.webhooks(configuration)?;
        Ok(exact)
    }

    fn own_permissions(&mut self, value: Option<&Value>) -> bool {
        let Some(Value::Object(roles)) = value else { return false };
        for (role, actions) in roles {
            let actions: BTreeSet<String> = texts(actions).into_iter().collect();
            self.accounts.replace(role, actions);
        }
        true
    }

    /// Settings of accounts that are not settings here.
    fn registration(&mut self, advanced: Option<&Value>) {
        let Some(advanced) = advanced else { return };
        let is = |name: &str, value: Value| advanced.get(name) == Some(&value);
        if is("allow_register", json!(false)) && self.accounts.withhold(REGISTER) {
            self.report.note("registration is off in the archive: no role may register");
        }
        if is("email_confirmation", json!(true)) {
            self.report.note("new users confirmed their e-mail address; here they need not");
        }
        let role = advanced.get("default_role").and_then(Value::as_str);
        if let Some(role) = role.filter(|role| *role != crate::auth::roles::DEFAULT) {
            self.report.note(format!(
                "new users had the role `{role}`; here they get `{}`",
                crate::auth::roles::DEFAULT
            ));
        }
    }

    fn webhooks(&mut self, configuration: &Configuration) -> anyhow::Result<()> {
        let known = webhooks::all(self.conn)?;
        let extra = configuration.value(OWN_WEBHOOKS);
        let mut names = BTreeSet::new();
        for hook in &configuration.webhooks {
            let text = |name: &str| hook.get(name).and_then(Value::as_str).unwrap_or_default();
            // Names are unique here and need not be there.
            let name = (1..)
                .map(|nth| match nth {
                    1 => text("name").to_owned(),
                    _ => format!("{} ({nth})", text("name")),
                })
                .find(|name| !names.contains(name))
                .unwrap_or_default();
            names.insert(name.clone());
            let before = known.iter().find(|row| row.name == name);
            let extra = extra.and_then(|extra| extra.get(&name));
            let row = self.webhook(&name, hook, before, extra)?;
            if before.is_some_and(|before| WebhookRow { id: before.id, ..row.clone() } == *before) {
                continue;
            }
            if before.is_some() {
                webhooks::remove(self.conn, &name)?;
            }
            webhooks::add(self.conn, &row)?;
            if before.is_none() && extra.is_none() {
                self.report.note(format!(
                    "the webhook `{name}` signs with a new secret; to learn one, remove it and \
                     add it again"
                ));
            }
            if !row.allow_private && is_private(&row.url) {
                self.report.note(format!(
                    "the webhook `{name}` leads to a private address and will not be called; add \
                     it with `--allow-private`"
                ));
            }
            self.report.webhooks.push(name);
        }
        Ok(())
    }

    fn webhook(
        &self,
        name: &str,
        hook: &Map<String, Value>,
        before: Option<&WebhookRow>,
        extra: Option<&Value>,
    ) -> anyhow::Result<WebhookRow> {
        let own = |key: &str| extra.and_then(|extra| extra.get(key));
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let headers: Map<String, Value> = parsed(hook.get("headers"))
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
            .collect();
        let secret = match text(own("secret")).or_else(|| before.map(|row| row.secret.clone())) {
            Some(secret) => secret,
            None => Secret::from_bytes(secret::random_bytes()?).reveal(),
        };
        let list = |key: &str, before: Option<&String>| {
            let given = own(key).map(|value| json!(texts(value)).to_string());
            given.or_else(|| before.cloned()).unwrap_or_else(|| "[]".to_owned())
        };
        let dialect = text(own("dialect")).or_else(|| before.map(|row| row.dialect.clone()));
        let allow_private = own("allowPrivate").and_then(Value::as_bool);
        Ok(WebhookRow {
            id: 0,
            name: name.to_owned(),
            url: text(hook.get("url")).unwrap_or_default(),
            events: json!(texts(&parsed(hook.get("events")))).to_string(),
            types: list("types", before.map(|row| &row.types)),
            locales: list("locales", before.map(|row| &row.locales)),
            headers: Value::Object(headers).to_string(),
            secret,
            old_secret: before.and_then(|row| row.old_secret.clone()),
            old_until: before.and_then(|row| row.old_until),
            dialect: dialect.unwrap_or_else(|| USUAL_DIALECT.to_owned()),
            allow_private: allow_private.unwrap_or(before.is_some_and(|row| row.allow_private)),
            coalesce: own("coalesce")
                .and_then(Value::as_bool)
                .unwrap_or(before.is_some_and(|row| row.coalesce)),
            enabled: hook.get("enabled").and_then(Value::as_bool).unwrap_or(true),
            created_at: before.map_or(self.now, |row| row.created_at),
        })
    }
}

/// Whether a URL says so itself; a name may still resolve to such an address.
fn is_private(url: &str) -> bool {
    match url::Url::parse(url).ok().as_ref().and_then(url::Url::host) {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_private() || address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback() || address.is_unique_local(),
        None => false,
    }
}

/// Some databases keep JSON as text.
fn parsed(value: Option<&Value>) -> Value {
    match value {
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        other => other.cloned().unwrap_or_default(),
    }
}

fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}
