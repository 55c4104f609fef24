//! What `site.toml` accepts, and what it says when it does not.

use super::*;

const HEAD: &str = "[site]\ntitle = \"T\"\nbase_url = \"https://example.org/\"\n";

fn parse(text: &str) -> Result<Site, String> {
    Site::parse("site.toml", &format!("{HEAD}{text}")).map_err(|errors| errors.to_string())
}

#[test]
fn the_whole_example_of_the_contract_is_understood() {
    let site = parse(
        r#"locales = ["en", "de"]

[[route]]
path = "/blog/{slug}/"
each = "api::article.article"
populate = ["author", "cover"]
template = "article.html"

[[route]]
path = "/category/{slug}/"
each = "api::category.category"
paginate = { type = "api::article.article", filters = { categories = { documentId = "$entry.documentId" } }, sort = "publishedOn:desc", per_page = 5 }
template = "category.html"

[strings.en]
zebra = "Z"
apple = "A"
"#,
    )
    .unwrap();
    assert_eq!(site.base_url, "https://example.org");
    assert_eq!(site.locales, ["en", "de"]);
    assert_eq!(site.routes[0].populate, Some(json!(["author", "cover"])));
    assert_eq!(site.routes[0].line, 7);
    let list = site.routes[1].paginate.as_ref().unwrap();
    assert_eq!(list.per_page, 5);
    assert_eq!(list.filters, Some(json!({ "categories": { "documentId": "$entry.documentId" } })));
    let text = site.value()["strings"]["en"].to_string();
    assert_eq!(text, r#"{"zebra":"Z","apple":"A"}"#, "keys stay in the order of the file");
}

#[test]
fn mistakes_name_their_line() {
    for (text, expected) in [
        (
            "colour = 1\n",
            "site.toml:4: unknown key `colour` in `[site]`; accepted are `title`, \
          `base_url`, `locales`; values of your own go into a table such as `[params]`",
        ),
        ("[[route]]\npath = \"/x\"\ntemplate = \"x.html\"\n", "site.toml:5: path `/x` must end"),
        ("[[route]]\npath = \"/x/\"\n", "site.toml:4: `template` is missing in `[[route]]`"),
        ("[[route]]\npath = \"/{a}/\"\ntemplate = \"x\"\n", "site.toml:5: path `/{a}/` has places"),
        ("[[route]]\npath = 7\ntemplate = \"x\"\n", "site.toml:5: `path` must be a string"),
        ("[[route]]\npath = \"/x/\"\ntemplate = \"x\"\npaginat = 1\n", "site.toml:7: unknown key"),
        ("locales = [\"en\", \"en\"]\n", "site.toml:4: locale `en` is listed twice"),
        ("[route]\npath = \"/\"\n", "two brackets"),
        ("x = = 1\n", "site.toml:4: "),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.contains(expected), "{error}\n  lacks\n{expected}");
    }
    let error = Site::parse("f", "top = 1\n[site]\ntitle = \"x\"\nbase_url = \"example.org\"\n");
    let error = error.unwrap_err().to_string();
    assert!(error.starts_with("f:1: unknown key `top`"), "{error}");
    assert!(error.contains("f:4: `base_url` must be"), "{error}");
}

#[test]
fn a_list_needs_a_folder_and_each_needs_a_place() {
    let list = "[[route]]\npath = \"/x.html\"\ntemplate = \"x\"\npaginate = { type = \"t\" }\n";
    assert!(parse(list).unwrap_err().contains("must end in `/`"));
    let each = "[[route]]\npath = \"/x/\"\neach = \"t\"\ntemplate = \"x\"\n";
    assert!(parse(each).unwrap_err().contains("the same for each entry"));
}
