//! `[[target]]` of the kind `s3`.

use super::super::super::toml_reader::{Source, Table};
use super::KeyNames;
use crate::deploy::{Access, BucketPlace};

pub(super) fn read(
    source: &mut Source<'_>,
    table: &mut Table<'_>,
) -> Option<(BucketPlace, Option<KeyNames>)> {
    let bucket = table.required(source, "bucket");
    let prefix = table.text(source, "prefix").and_then(|prefix| read_prefix(source, prefix));
    let endpoint = table.text(source, "endpoint");
    let endpoint =
        endpoint.and_then(|given| super::super::check_base_url(source, "endpoint", given));
    let region = table.text(source, "region").map(|(region, _)| region);
    let virtual_host = table.flag(source, "virtual_host").unwrap_or(false);
    let keys = read_keys(source, table);
    let (name, offset) = bucket?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let fits = (3..=63).contains(&name.len())
        && name.bytes().all(|byte| plain(byte) || b".-".contains(&byte))
        && name.bytes().next().is_some_and(plain);
    if !fits {
        let message = format!("`bucket` is `{name}`; expected the name of a bucket");
        source.complain(offset, message);
        return None;
    }
    let prefix = prefix.unwrap_or_default();
    let access = Access::default();
    Some((BucketPlace { name, prefix, endpoint, region, virtual_host, access }, keys))
}

fn read_prefix(source: &mut Source<'_>, (prefix, offset): (String, usize)) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let is_part = |part: &str| !part.is_empty() && !part.starts_with('.') && part.bytes().all(fits);
    let inner = prefix.trim_matches('/');
    if !inner.split('/').all(is_part) {
        let message =
            format!("`prefix` is `{prefix}`; expected folders of letters, digits and `._-`");
        source.complain(offset, message);
        return None;
    }
    Some(inner.to_owned())
}

fn read_keys(source: &mut Source<'_>, table: &mut Table<'_>) -> Option<KeyNames> {
    let mut name = |key: &'static str| {
        let (name, offset) = table.text(source, key)?;
        let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        if name.is_empty() || !name.bytes().all(fits) {
            let message = format!(
                "`{key}` is the name of an environment variable, such as `SITE_S3_KEY`: the value \
                 itself must not stand here"
            );
            source.complain(offset, message);
        }
        Some(name)
    };
    let (key_id, secret) = (name("key_id"), name("secret"));
    if key_id.is_some() != secret.is_some() {
        source.complain(table.offset(), "`key_id` and `secret` belong together");
    }
    Some((key_id?, secret?))
}
