//! Which type an extension stands for, and which extension a type usually has, by the list
//! Strapi uses where it differs from ours.

/// Extensions that our list takes for something else.
const KNOWN: [(&str, &str); 40] = [
    ("aac", "audio/x-aac"),
    ("aif", "audio/x-aiff"),
    ("aiff", "audio/x-aiff"),
    ("c", "text/x-c"),
    ("cjs", "application/node"),
    ("cpp", "text/x-c"),
    ("deb", "application/x-debian-package"),
    ("dmg", "application/x-apple-diskimage"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("dotx", "application/vnd.openxmlformats-officedocument.wordprocessingml.template"),
    ("dwg", "image/vnd.dwg"),
    ("dxf", "image/vnd.dxf"),
    ("exe", "application/x-msdos-program"),
    ("flac", "audio/x-flac"),
    ("h", "text/x-c"),
    ("ico", "image/vnd.microsoft.icon"),
    ("iso", "application/x-iso9660-image"),
    ("java", "text/x-java-source"),
    ("js", "application/javascript"),
    ("key", "application/vnd.apple.keynote"),
    ("m4a", "audio/mp4"),
    ("map", "application/json"),
    ("mid", "audio/midi"),
    ("midi", "audio/midi"),
    ("msi", "application/x-msdownload"),
    ("numbers", "application/vnd.apple.numbers"),
    ("otf", "font/otf"),
    ("pages", "application/vnd.apple.pages"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("psd", "image/vnd.adobe.photoshop"),
    ("rar", "application/vnd.rar"),
    ("rpm", "application/x-redhat-package-manager"),
    ("toml", "application/toml"),
    ("ts", "video/mp2t"),
    ("wav", "audio/wave"),
    ("woff", "font/woff"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("xml", "application/xml"),
    ("yaml", "text/yaml"),
    ("yml", "text/yaml"),
];

/// Types with several extensions, and the one that files without any get.
const USUAL: [(&str, &str); 16] = [
    ("application/gzip", "gz"),
    ("application/javascript", "js"),
    ("application/octet-stream", "bin"),
    ("application/x-msdownload", "exe"),
    ("application/xml", "xml"),
    ("audio/mpeg", "mpga"),
    ("audio/ogg", "oga"),
    ("audio/wave", "wav"),
    ("image/jpeg", "jpeg"),
    ("image/svg+xml", "svg"),
    ("image/tiff", "tif"),
    ("text/calendar", "ics"),
    ("text/html", "html"),
    ("text/markdown", "markdown"),
    ("text/plain", "txt"),
    ("video/quicktime", "qt"),
];

/// The extension with its dot as it stands at the end of a file's name, or nothing. A dot at
/// the beginning of the name is no extension's.
pub(crate) fn of_name(name: &str) -> &str {
    match name.rfind('.') {
        Some(at) if at > 0 && name != ".." => name.get(at..).unwrap_or_default(),
        _ => "",
    }
}

/// The type a name promises.
pub(crate) fn kind_of(name: &str) -> Option<String> {
    let extension = of_name(name).strip_prefix('.')?.to_ascii_lowercase();
    let known = KNOWN.iter().find(|(known, _)| *known == extension).map(|(_, kind)| *kind);
    let listed = || mime_guess::from_ext(&extension).first_raw();
    known.or_else(listed).map(str::to_owned)
}

/// The extension, without a dot, of a type.
pub(crate) fn usual(kind: &str) -> Option<&'static str> {
    if let Some((_, extension)) = USUAL.iter().find(|(known, _)| *known == kind) {
        return Some(extension);
    }
    let known = mime_guess::get_mime_extensions_str(kind)?;
    let subtype = kind.split_once('/').map_or("", |(_, subtype)| subtype);
    known.iter().find(|extension| **extension == subtype).or_else(|| known.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_what_follows_the_last_dot() {
        for (name, extension) in [
            ("a.tar.gz", ".gz"),
            ("README", ""),
            (".txt", ""),
            ("..txt", ".txt"),
            ("a.", "."),
            ("..", ""),
        ] {
            assert_eq!(of_name(name), extension, "{name}");
        }
    }

    #[test]
    fn types_and_extensions_lead_to_each_other() {
        assert_eq!(kind_of("x.JS").as_deref(), Some("application/javascript"));
        assert_eq!(kind_of("x.png").as_deref(), Some("image/png"));
        assert_eq!(kind_of("x.unheard-of"), None);
        assert_eq!(usual("image/jpeg"), Some("jpeg"));
        assert_eq!(usual("application/x-unheard-of"), None);
    }
}
