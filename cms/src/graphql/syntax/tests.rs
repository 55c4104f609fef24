//! What the reader of documents understands and what it says of the rest.

use super::*;

fn message(text: &str) -> (String, u32, u32) {
    let error = parse(text).unwrap_err();
    (error.message, error.at.line, error.at.column)
}

#[test]
fn a_document_knows_where_its_parts_stand() {
    let document = parse("query A($n: [Int!]! = [1]) {\n  é: x\n}").unwrap_err();
    assert_eq!(document.message, "Syntax Error: Unexpected character: U+00E9.");
    let document =
        parse("query A($n: [Int!]! = [1]) {\n  a: x(s: \"🚀\", f: {k: $n}) { ...F }\n}").unwrap();
    let operation = &document.operations[0];
    let Selection::Field(field) = &operation.selection.0[0] else { panic!() };
    assert_eq!((field.at.line, field.at.column, field.key()), (2, 3, "a"));
    // Columns count UTF-16 units.
    assert_eq!(field.arguments[1].name.at.column, 17);
    assert_eq!(print(&field.arguments[1].value), "{k: $n}");
}

#[test]
fn mistakes_are_named_in_the_words_clients_know() {
    let of = |text: &str| message(text).0;
    assert_eq!(
        message("{ articles { title "),
        ("Syntax Error: Expected Name, found <EOF>.".to_owned(), 1, 20)
    );
    assert_eq!(of(""), "Syntax Error: Unexpected <EOF>.");
    assert_eq!(of("{ }"), "Syntax Error: Expected Name, found \"}\".");
    assert_eq!(of("foo"), "Syntax Error: Unexpected Name \"foo\".");
    assert_eq!(of("{ a(x: ) }"), "Syntax Error: Unexpected \")\".");
    assert_eq!(of("{ a(x 1) }"), "Syntax Error: Expected \":\", found Int \"1\".");
    assert_eq!(of("{ a(x: \"b) }"), "Syntax Error: Unterminated string.");
    assert_eq!(of("{ a(x: 1a) }"), "Syntax Error: Invalid number, expected digit but got: \"a\".");
    assert_eq!(
        of("{ a(x: 01) }"),
        "Syntax Error: Invalid number, unexpected digit after 0: \"1\"."
    );
    assert_eq!(
        of("query($a: Int = $b) { a }"),
        "Syntax Error: Unexpected variable \"$b\" in constant value."
    );
    assert_eq!(of("fragment on on A { a }"), "Syntax Error: Unexpected Name \"on\".");
    assert_eq!(of("{ a } ?"), "Syntax Error: Unexpected character: \"?\".");
}

#[test]
fn texts_have_escapes_and_blocks_lose_their_indentation() {
    let text = |query: &str| {
        let document = parse(query).unwrap();
        let Selection::Field(field) = &document.operations[0].selection.0[0] else { panic!() };
        let Literal::Text { text, .. } = &field.arguments[0].value.literal else { panic!() };
        text.clone()
    };
    assert_eq!(text(r#"{ a(x: "\u00e9\n\ud83d\ude80\u{1F680}\"") }"#), "é\n🚀🚀\"");
    assert_eq!(text("{ a(x: \"\"\"\n    one\n      two\n    \"\"\") }"), "one\n  two");
}

#[test]
fn nesting_has_an_end() {
    let deep = format!("{}a{}", "{ a ".repeat(100_000), "}".repeat(100_000));
    assert_eq!(message(&deep).0, "Syntax Error: Document nests deeper than 200 levels.");
    let list = format!("{{ a(x: {}", "[".repeat(100_000));
    assert!(message(&list).0.contains("nests deeper"));
}
