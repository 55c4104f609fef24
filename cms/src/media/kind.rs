//! What a file is: by its content where the content says so, else as the client says.

use super::extension;

/// Bytes that are enough to recognize a file.
pub(crate) const HEAD_BYTES: usize = 8 << 10;

const UNKNOWN: &str = "application/octet-stream";
const ZIP: &str = "application/zip";

/// The MIME type of a file from its first bytes, the client's word and its name.
///
/// Strapi's order: what two of the three agree on, else the name, else the client. Content
/// decides alone only where neither of the others says anything.
pub(crate) fn of(head: &[u8], declared: &str, name: &str) -> String {
    let declared = essence(declared);
    let is_generic = declared.is_empty() || declared == UNKNOWN;
    let by_name = extension::kind_of(name);
    let found = detected(head);
    if let Some(found) = found
        && (by_name.is_none() || by_name.as_deref() == Some(found) || is_generic)
    {
        // Office documents are zip files of another name.
        return by_name.filter(|_| found == ZIP).unwrap_or_else(|| found.to_owned());
    }
    by_name.unwrap_or_else(|| if is_generic { UNKNOWN.to_owned() } else { declared })
}

/// What the content is, as far as it has a signature. Text has none.
fn detected(head: &[u8]) -> Option<&'static str> {
    match infer::get(head)?.mime_type() {
        "text/html" | "text/x-shellscript" => None,
        "text/xml" => Some("application/xml"),
        "audio/x-wav" => Some("audio/wav"),
        "application/vnd.microsoft.portable-executable" => Some("application/x-msdownload"),
        "application/x-executable" => Some("application/x-elf"),
        kind => Some(kind),
    }
}

fn essence(declared: &str) -> String {
    declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Every type the file could be taken for; one that is refused among them is enough.
pub(crate) fn suspects(head: &[u8], kind: &str, declared: &str, name: &str) -> Vec<String> {
    let mut all = vec![essence(declared)];
    all.extend(extension::kind_of(name));
    all.push(kind.to_owned());
    // A script is not run because it begins like one; the client's word is as good.
    let content = infer::get(head).map(|kind| kind.mime_type());
    all.extend(detected(head).map(str::to_owned));
    all.extend(content.filter(|kind| *kind != "text/x-shellscript").map(str::to_owned));
    if super::vector::is_svg(head) {
        all.push("image/svg+xml".to_owned());
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    #[test]
    fn what_two_agree_on_is_the_type() {
        assert_eq!(of(PNG, "image/png", "x.png"), "image/png");
        assert_eq!(of(PNG, "text/plain", "x.png"), "image/png");
        assert_eq!(of(PNG, "application/octet-stream", "x.jpg"), "image/png");
        assert_eq!(of(PNG, "image/jpeg", "x.jpg"), "image/jpeg");
        assert_eq!(of(PNG, "text/plain", "x"), "image/png");
        assert_eq!(of(b"PK\x03\x04", "", "x.docx"), extension::kind_of("x.docx").unwrap());
    }

    #[test]
    fn text_is_what_the_name_or_the_client_says() {
        assert_eq!(of(b"a,b", "text/csv", "x.csv"), "text/csv");
        assert_eq!(of(b"a,b", "text/plain", "x.csv"), "text/csv");
        assert_eq!(of(b"a,b", "text/csv", "x"), "text/csv");
        assert_eq!(of(b"a,b", "", "x"), UNKNOWN);
        assert_eq!(of(b"#!/bin/sh\n", "application/x-sh", "x.sh"), "application/x-sh");
    }

    #[test]
    fn a_file_is_suspected_of_all_it_could_be_taken_for() {
        let suspects = suspects(b"<!DOCTYPE html><p>", "text/plain", "text/plain", "x.css");
        assert_eq!(suspects, ["text/plain", "text/css", "text/plain", "text/html"]);
    }

    #[test]
    fn a_list_may_name_groups() {
        let list = vec!["text/html".to_owned(), "video/*".to_owned()];
        assert!(is_listed(&list, "text/html") && is_listed(&list, "video/mp4"));
        assert!(!is_listed(&list, "text/plain") && !is_listed(&[], "text/html"));
    }
}
