//! Words of the format that both directions use.

/// Types whose rows are settings here.
pub(super) const LOCALE: &str = "plugin::i18n.locale";
pub(super) const PERMISSION: &str = "plugin::users-permissions.permission";

/// Keys of Strapi's key-value store that mean something here.
pub(super) const DEFAULT_LOCALE: &str = "plugin_i18n_default_locale";
pub(super) const ADVANCED: &str = "plugin_users-permissions_advanced";
/// Strapi's memory of the schemas it saw last; an old one would make it migrate content.
pub(super) const SEEN_SCHEMAS: &str = "strapi_content_types_schema";

/// What roles may do here, wildcards included.
pub(super) const OWN_PERMISSIONS: &str = "galley_permissions";
/// What our webhooks have beyond Strapi's.
pub(super) const OWN_WEBHOOKS: &str = "galley_webhooks";
