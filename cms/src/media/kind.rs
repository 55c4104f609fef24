//! What a file is: by its content where the content says so, else as the client says.

/// Bytes that are enough to recognize a file.
pub(crate) const HEAD_BYTES: usize = 8 << 10;

const SVG: &str = "image/svg+xml";
const UNKNOWN: &str = "application/octet-stream";

/// The MIME type of a file from its first bytes, the client's word and its name.
pub(crate) fn of(head: &[u8], declared: &str, name: &str) -> String {
    let declared = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let by_name = mime_guess::from_path(name).first().map(|mime| mime.essence_str().to_owned());
    let told = || {
        let known = !declared.is_empty() && declared != UNKNOWN;
        let named = by_name.clone().unwrap_or_else(|| UNKNOWN.to_owned());
        if known { declared.clone() } else { named }
    };
    match infer::get(head).map(|kind| kind.mime_type()) {
        _ if is_svg(head) => SVG.to_owned(),
        // Containers: office documents are zip files, XML is many things.
        Some("application/zip" | "application/x-ole-storage" | "text/xml") | None => told(),
        // A script is not run because it begins like one; the client's word is as good.
        Some("text/x-shellscript") => told(),
        Some(found) => found.to_owned(),
    }
}

/// Every type the file could be taken for; one that is refused among them is enough.
pub(crate) fn suspects(kind: &str, declared: &str, name: &str) -> Vec<String> {
    let declared = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let by_name = mime_guess::from_path(name).first().map(|mime| mime.essence_str().to_owned());
    let mut all = vec![declared, kind.to_owned()];
    all.extend(by_name);
    all.retain(|kind| !kind.is_empty());
    all
}

/// Whether `kind` is on the list, which may say `video/*`.
pub(crate) fn is_listed(list: &[String], kind: &str) -> bool {
    list.iter().map(|entry| entry.trim().to_ascii_lowercase()).any(|entry| {
        entry == kind
            || entry.strip_suffix("/*").is_some_and(|group| {
                kind.split_once('/').is_some_and(|(of_kind, _)| of_kind == group)
            })
    })
}

fn is_svg(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    // Declarations, comments and a document type may come first.
    while let Some(after) = rest.strip_prefix("<?").or_else(|| rest.strip_prefix("<!")) {
        let end = if after.starts_with("--") { "-->" } else { ">" };
        match after.split_once(end) {
            Some((_, tail)) => rest = tail.trim_start(),
            None => return false,
        }
    }
    rest.strip_prefix("<svg")
        .is_some_and(|tail| tail.starts_with(|c: char| c.is_whitespace() || c == '>' || c == '/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    #[test]
    fn content_beats_the_clients_word() {
        assert_eq!(of(PNG, "text/plain", "x.txt"), "image/png");
        assert_eq!(of(b"<!DOCTYPE html><html>", "image/png", "x.png"), "text/html");
        assert_eq!(of(b"<?xml version='1.0'?><!-- x --><svg xmlns=''>", "", "x.bin"), SVG);
    }

    #[test]
    fn text_is_what_the_client_or_the_name_says() {
        assert_eq!(of(b"a,b", "text/csv", "x.csv"), "text/csv");
        assert_eq!(of(b"a,b", "application/octet-stream", "x.csv"), "text/csv");
        assert_eq!(of(b"a,b", "", "x"), UNKNOWN);
        assert_eq!(of(b"#!/bin/sh\n", "application/x-sh", "x.sh"), "application/x-sh");
    }

    #[test]
    fn a_list_may_name_groups() {
        let list = vec!["text/html".to_owned(), "video/*".to_owned()];
        assert!(is_listed(&list, "text/html") && is_listed(&list, "video/mp4"));
        assert!(!is_listed(&list, "text/plain") && !is_listed(&[], "text/html"));
    }
}
