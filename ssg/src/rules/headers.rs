//! `_headers`: a path, then indented `Name: value` lines about it.

use super::glob::Glob;

/// Names that the server alone can answer for.
const SERVERS_OWN: [&str; 19] = [
    "accept-ranges",
    "age",
    "allow",
    "alt-svc",
    "basic-auth",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "date",
    "etag",
    "last-modified",
    "location",
    "server",
    "set-cookie",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderBlock {
    pub glob: Glob,
    pub edits: Vec<(String, Edit)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Joined with what is there already.
    Add(String),
    /// `! Name`: forgets what blocks above, or the server, would send.
    Remove,
}

/// The blocks, and each mistake with its line.
pub(super) fn parse(text: &str) -> (Vec<HeaderBlock>, Vec<(usize, String)>) {
    let (mut blocks, mut errors) = (Vec::<HeaderBlock>::new(), Vec::new());
    // Lines below a path that is wrong are looked at all the same.
    let mut fallow = None;
    for (number, row) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let content = row.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let mut complain = |message| errors.push((number + 1, message));
        if !row.starts_with([' ', '\t']) {
            fallow = Glob::parse(content).map_err(&mut complain).err();
            if fallow.is_none()
                && let Ok(glob) = Glob::parse(content)
            {
                blocks.push(HeaderBlock { glob, edits: Vec::new() });
            }
            continue;
        }
        match (edit(content), blocks.last_mut()) {
            (Err(message), _) => complain(message),
            (Ok(edit), Some(block)) if fallow.is_none() => block.edits.push(edit),
            (Ok(_), None) if fallow.is_none() => {
                complain("a path comes first, then indented headers".to_owned());
            }
            _ => {}
        }
    }
    (blocks, errors)
}

fn edit(content: &str) -> Result<(String, Edit), String> {
    let (name, edit) = match content.strip_prefix('!') {
        Some(name) => (name.trim(), Edit::Remove),
        None => {
            let (name, value) = content
                .split_once(':')
                .ok_or_else(|| format!("`{content}` is no header; expected `Name: value`"))?;
            (name.trim_end(), Edit::Add(value.trim().to_owned()))
        }
    };
    let token = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if name.is_empty() || !name.bytes().all(token) {
        return Err(format!("`{name}` is no header's name"));
    }
    if SERVERS_OWN.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(format!("`{name}` is the server's own; `{}` cannot set it", super::HEADERS));
    }
    if let Edit::Add(value) = &edit {
        let plain = |c: char| c == '\t' || (' '..='~').contains(&c);
        if value.is_empty() || !value.chars().all(plain) || value.contains('$') {
            return Err(format!("`{name}`: a value is plain ASCII text without `$`"));
        }
    }
    Ok((name.to_owned(), edit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_and_mistakes_located() {
        let (blocks, errors) =
            parse("# all\n/*\n  X-A: 1\n\tX-A: 2\n  ! X-Frame-Options\n\n/b\n  Link: <a:b>\n");
        assert_eq!(errors, []);
        assert_eq!(blocks.len(), 2);
        assert_eq!(blocks[0].edits.len(), 3);
        assert_eq!(blocks[1].edits[0].1, Edit::Add("<a:b>".into()));
        let lines = |text| parse(text).1.into_iter().map(|(line, _)| line).collect::<Vec<_>>();
        assert_eq!(lines("  X: 1\n"), [1]);
        assert_eq!(lines("x\n  X: 1\n  Y\n"), [1, 3]);
        assert_eq!(lines("/*\n  Set-Cookie: a=b\n  X: a$b\n  X:\n  Ü: 1\n"), [2, 3, 4, 5]);
    }
}
