//! Names of types and fields, by the rules of Strapi's plugin.

use cms_api::content_type::ContentType;

/// `site-setting` becomes `siteSetting`; `i18n` is of three words: `i18N`.
pub(super) fn camel_case(text: &str) -> String {
    let mut camel = String::new();
    for (at, word) in words(text).into_iter().enumerate() {
        let lower = word.to_lowercase();
        camel.push_str(&if at == 0 { lower } else { upper_first(&lower) });
    }
    camel
}

/// Runs of letters and of digits; a capital begins a word, unless it is one of several.
fn words(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().filter(|char| *char != '\'').collect();
    let mut words: Vec<String> = Vec::new();
    let mut last: Option<char> = None;
    for (at, &char) in chars.iter().enumerate() {
        if !char.is_alphanumeric() {
            last = None;
            continue;
        }
        let begins = match last {
            None => true,
            Some(last) if last.is_numeric() != char.is_numeric() => true,
            Some(last) if char.is_uppercase() => {
                let next_is_lower = chars.get(at + 1).is_some_and(|next| next.is_lowercase());
                !last.is_uppercase() || next_is_lower
            }
            Some(_) => false,
        };
        match words.last_mut() {
            Some(word) if !begins => word.push(char),
            _ => words.push(char.to_string()),
        }
        last = Some(char);
    }
    words
}

pub(super) fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

pub(super) fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

fn in_plugin(uid: &str, name: &str) -> String {
    let plugin = uid.strip_prefix("plugin::").and_then(|rest| rest.split('.').next());
    let plugin = plugin.map(|plugin| upper_first(&camel_case(plugin))).unwrap_or_default();
    format!("{plugin}{}", upper_first(&camel_case(name)))
}

/// `Article`, `UsersPermissionsUser`
pub(super) fn type_name(ty: &ContentType) -> String {
    in_plugin(&ty.uid, &ty.singular_name)
}

/// `Articles`, `UsersPermissionsUsers`
pub(super) fn plural_name(ty: &ContentType) -> String {
    in_plugin(&ty.uid, &ty.plural_name)
}

/// `shared.seo` is `ComponentSharedSeo`.
pub(super) fn component_name(uid: &str) -> String {
    let (category, name) = uid.split_once('.').unwrap_or(("", uid));
    let part = |text: &str| upper_first(&camel_case(text));
    format!("Component{}{}", part(category), part(name))
}

pub(super) fn enum_name(holder: &str, attribute: &str) -> String {
    format!("ENUM_{}_{}", holder.to_uppercase(), attribute.to_uppercase())
}

pub(super) fn zone_name(holder: &str, attribute: &str) -> String {
    format!("{holder}{}DynamicZone", upper_first(&camel_case(attribute)))
}

/// How a value of an enumeration is spelled: letters, digits and underscores.
pub(super) fn enum_value(value: &str) -> String {
    let plain = deunicode::deunicode(value);
    let mut name = String::new();
    for char in plain.chars() {
        match char {
            'a'..='z' | 'A'..='Z' | '0'..='9' => name.push(char),
            '_' if name.is_empty() => name.push(char),
            '\'' => {}
            _ if name.ends_with('_') || name.is_empty() => {}
            _ => name.push('_'),
        }
    }
    let trimmed = name.trim_end_matches('_');
    if trimmed.is_empty() { name } else { trimmed.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_strapi() {
        for (text, camel) in [
            ("site-setting", "siteSetting"),
            ("i18n", "i18N"),
            ("users-permissions", "usersPermissions"),
            ("workflow-stage", "workflowStage"),
            ("XMLFeed", "xmlFeed"),
            ("sections", "sections"),
            ("page2", "page2"),
            ("a_b", "aB"),
        ] {
            assert_eq!(camel_case(text), camel, "{text}");
        }
        assert_eq!(component_name("blocks.rich-text"), "ComponentBlocksRichText");
        assert_eq!(enum_name("Article", "kind"), "ENUM_ARTICLE_KIND");
        assert_eq!(zone_name("Article", "sections"), "ArticleSectionsDynamicZone");
    }

    #[test]
    fn values_of_enumerations_become_names() {
        assert_eq!(enum_value("how_to"), "how_to");
        assert_eq!(enum_value("Très-bien"), "Tres_bien");
        assert_eq!(enum_value("a  b!"), "a_b");
    }
}
