//! What types and components are called in generated documents: the names that Strapi's
//! GraphQL plugin gives them, so that one installation has one name for each.

use cms_api::builtin;
use cms_api::content_type::ContentType;

/// `blog-post` is `BlogPost`.
#[must_use]
pub fn pascal(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(capitalized).collect()
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// `api::blog-post.blog-post` is `BlogPost`, `plugin::upload.file` is `UploadFile`.
#[must_use]
pub fn of_type(ty: &ContentType) -> String {
    let plugin = ty.uid.strip_prefix("plugin::").and_then(|rest| rest.split('.').next());
    format!("{}{}", plugin.map(pascal).unwrap_or_default(), pascal(&ty.singular_name))
}

/// `shared.seo` is `ComponentSharedSeo`.
#[must_use]
pub fn of_component(uid: &str) -> String {
    format!("Component{}", pascal(uid))
}

/// The types whose entries can be part of answers.
pub(super) fn is_shown(ty: &ContentType) -> bool {
    !matches!(ty.uid.as_str(), builtin::FOLDER | builtin::ADMINISTRATOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_graphql_plugin() {
        assert_eq!(pascal("blog-post"), "BlogPost");
        assert_eq!(of_component("shared.call-to-action"), "ComponentSharedCallToAction");
        let names: Vec<_> = builtin::content_types().iter().map(of_type).collect();
        let expected =
            ["UploadFile", "UploadFolder", "UsersPermissionsUser", "UsersPermissionsRole"];
        assert_eq!(names, expected);
    }
}
