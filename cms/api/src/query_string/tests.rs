//! The grammar by example and by property.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn read(query: &str) -> Value {
    Value::Object(parse(query).unwrap())
}

#[test]
fn brackets_make_objects_and_lists() {
    let cases = [
        ("a=1&b=2", json!({"a": "1", "b": "2"})),
        ("a[b][c]=1", json!({"a": {"b": {"c": "1"}}})),
        ("a[]=x&a[]=y", json!({"a": ["x", "y"]})),
        ("a[0]=x&a[1]=y", json!({"a": ["x", "y"]})),
        ("a[1]=y&a[0]=x", json!({"a": ["x", "y"]})),
        ("a[5]=x&a[9]=y", json!({"a": ["x", "y"]})),
        ("a[0][b]=1&a[0][c]=2&a[1][b]=3", json!({"a": [{"b": "1", "c": "2"}, {"b": "3"}]})),
        ("a%5Bb%5D=1", json!({"a": {"b": "1"}})),
        ("a[b]c[d]=1", json!({"a": {"b": {"d": "1"}}})),
        ("a[b=1", json!({"a": {"[b": "1"}})),
        ("a[[b]]=1", json!({"a": {"[b]": "1"}})),
        ("a[b]]c[=1", json!({"a": {"b": {"[": "1"}}})),
        ("a[b%5B0%5d=1", json!({"a": {"[b[0]": "1"}})),
        ("[=1", json!({"[": "1"})),
        ("[]=1", json!({"0": "1"})),
    ];
    for (query, tree) in cases {
        assert_eq!(read(query), tree, "{query}");
    }
}

#[test]
fn repeated_names_collect_and_mixed_shapes_merge() {
    let cases = [
        ("a=1&a=2&a=3", json!({"a": ["1", "2", "3"]})),
        ("a[0]=x&a[0]=y", json!({"a": [["x", "y"]]})),
        ("a[]=x&a[]=y&a=z", json!({"a": ["x", "y", "z"]})),
        ("a[2]=x&a[b]=y&a[1]=z", json!({"a": {"1": "z", "2": "x", "b": "y"}})),
        ("a[]=x&a=y", json!({"a": ["x", "y"]})),
        ("a=x&a[]=y", json!({"a": ["x", "y"]})),
        ("a=x&a[b]=y", json!({"a": ["x", {"b": "y"}]})),
        ("a[b]=y&a=x", json!({"a": [{"b": "y"}, "x"]})),
        ("a[0]=x&a[b]=y", json!({"a": {"0": "x", "b": "y"}})),
        ("a[b]=y&a[0]=x", json!({"a": {"b": "y", "0": "x"}})),
    ];
    for (query, tree) in cases {
        assert_eq!(read(query), tree, "{query}");
    }
}

#[test]
fn a_name_without_a_sign_is_null_and_blanks_are_kept() {
    let query = "a&b=&c=x+y&d=%20z&&&";
    assert_eq!(read(query), json!({"a": null, "b": "", "c": "x y", "d": " z"}));
}

#[test]
fn malformed_escapes_stay_as_they_are() {
    assert_eq!(read("a=%E0%A4%A&b=100%&c=%00"), json!({"a": "%E0%A4%A", "b": "100%", "c": "\0"}));
}

#[test]
fn inherited_names_are_ignored() {
    let query = "__proto__[x]=1&filters[constructor]=1&a[toString][b]=1&hasOwnProperty=1&ok=1";
    assert_eq!(read(query), json!({"ok": "1"}));
}

#[test]
fn a_list_over_the_limit_is_an_object() {
    assert_eq!(read("a[99]=x"), json!({"a": ["x"]}));
    assert_eq!(read("a[100]=x"), json!({"a": {"100": "x"}}));
    assert_eq!(read("a[0]=x&a[101]=y"), json!({"a": {"0": "x", "101": "y"}}));
    assert_eq!(read("a[01]=x"), json!({"a": {"01": "x"}}));
    for name in ["a", "a[]"] {
        let list = |count: usize| vec![format!("{name}=x"); count].join("&");
        assert_eq!(read(&list(MAX_ITEMS))["a"].as_array().unwrap().len(), MAX_ITEMS);
        let object = read(&list(MAX_ITEMS + 2));
        assert_eq!(object["a"].as_object().unwrap().len(), MAX_ITEMS + 2);
        assert_eq!(object["a"]["101"], "x");
    }
}

#[test]
fn keys_below_the_depth_limit_are_one_key() {
    let query = format!("a{}[x][y]=1", "[b]".repeat(MAX_DEPTH));
    let tree = read(&query);
    let pointer = format!("/a{}/[x][y]", "/b".repeat(MAX_DEPTH));
    assert_eq!(tree.pointer(&pointer), Some(&json!("1")));
}

#[test]
fn too_much_is_refused() {
    let long = "a=".to_owned() + &"x".repeat(MAX_LENGTH);
    assert_eq!(parse(&long), Err(QueryStringError::TooLong(MAX_LENGTH + 2)));
    let many = "a=1&".repeat(MAX_PARAMETERS) + "b=1";
    assert_eq!(read(&many).get("b"), None);
}

fn key() -> impl Strategy<Value = String> {
    "[a-zA-Z_$é%&=+ ][a-zA-Z0-9_.$é%&=+ -]{0,6}"
        .prop_filter("inherited", |key| key::split(key).is_some())
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(Value::Null), "\\PC{0,8}".prop_map(Value::String)];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..5).prop_map(Value::Array),
            prop::collection::vec((key(), inner), 1..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Queries as long, as deep and of as many parameters as may come, and a little beyond.
fn large() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-c]{1,3}",
        "(\\[[a-c0-9]{0,3}\\]){1,30}",
        "[\\[\\]=&%+]{1,4}",
        "&[ab](\\[\\]|\\[[0-9]{1,3}\\])?=",
        "%5[BbDd]|%26|%3D|%E2%82%AC|%zz|%F",
        "\\PC{1,8}",
        (1..=40_usize).prop_map(|depth| "[".repeat(depth)),
    ];
    let joined = prop::collection::vec(piece, 1..40).prop_map(|pieces| pieces.concat());
    let parameters = prop::collection::vec(joined, 1..12).prop_map(|some| some.join("&"));
    // What is short alone comes up to the limits when it comes again and again.
    (parameters, 1..=MAX_PARAMETERS + 2).prop_map(|(some, times)| {
        let times = times.min((MAX_LENGTH + 64) / (some.len() + 1) + 1);
        vec![some; times].join("&")
    })
}

fn depth(value: &Value) -> usize {
    let inner = match value {
        Value::Object(members) => members.values().map(depth).max(),
        Value::Array(items) => items.iter().map(depth).max(),
        _ => return 0,
    };
    1 + inner.unwrap_or(0)
}

fn leaves(value: &Value) -> usize {
    match value {
        Value::Object(members) => members.values().map(leaves).sum(),
        Value::Array(items) => items.iter().map(leaves).sum(),
        _ => 1,
    }
}

/// The longest list whose places were named; values of one name may be more.
fn longest_list(value: &Value) -> usize {
    match value {
        Value::Object(members) => members.values().map(longest_list).max().unwrap_or(0),
        Value::Array(items) => items.len().max(items.iter().map(longest_list).max().unwrap_or(0)),
        _ => 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn limits_are_kept_whatever_is_read(query in large()) {
        let read = parse(&query);
        prop_assert_eq!(read.is_err(), query.len() > MAX_LENGTH);
        let Ok(tree) = read else { return Ok(()) };
        let tree = Value::Object(tree);
        // The name, its parts, and what lies below the last part under one key.
        prop_assert!(depth(&tree) <= MAX_DEPTH + 3, "{} deep", depth(&tree));
        prop_assert!(leaves(&tree) <= MAX_PARAMETERS, "{} values", leaves(&tree));
        prop_assert!(longest_list(&tree) <= MAX_ITEMS + 1, "{} items", longest_list(&tree));
    }
}

proptest! {
    #[test]
    fn what_was_printed_is_read_back(members in prop::collection::vec((key(), tree()), 0..4)) {
        let tree: Map<String, Value> = members.into_iter().collect();
        prop_assert_eq!(parse(&print(&tree)).unwrap(), tree);
    }

    #[test]
    fn any_text_can_be_read(query in "[a-c0-9\\[\\]=&%+]{0,40}") {
        let _ = parse(&query).unwrap();
    }

    #[test]
    fn any_bytes_can_be_read(query in "\\PC{0,60}") {
        let _ = parse(&query).unwrap();
    }
}
