//! The names inside an archive, read into a closed set: no name is ever used as a path.

use crate::media::storage::FileName;
use crate::transfer::Refused;

/// A folder of JSON Lines files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Section {
    Schemas,
    Entities,
    Links,
    Configuration,
}

impl Section {
    pub(crate) const ALL: [Self; 4] =
        [Self::Schemas, Self::Entities, Self::Links, Self::Configuration];

    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Schemas => "schemas",
            Self::Entities => "entities",
            Self::Links => "links",
            Self::Configuration => "configuration",
        }
    }
}

pub(crate) const METADATA: &str = "metadata.json";
pub(crate) const UPLOADS: &str = "assets/uploads";
pub(crate) const SIDECARS: &str = "assets/metadata";

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Member {
    /// JSON Lines.
    Lines(Section),
    /// An uploaded file.
    Asset(FileName),
    /// An uploaded file whose name could not be served.
    UnusableAsset,
    /// What Strapi notes about an uploaded file; its row says the same.
    Sidecar,
    /// `metadata.json`
    Metadata,
    /// Nothing an export contains.
    Unknown,
}

impl Member {
    /// # Errors
    /// When the name leads out of the archive.
    pub(crate) fn parse(name: &str) -> Result<Self, Refused> {
        // Archives made on Windows separate with backslashes, then throughout.
        let name = if name.contains('/') { name.to_owned() } else { name.replace('\\', "/") };
        let leads_out = name.starts_with('/')
            || name.contains('\0')
            || name.split(['/', '\\']).any(|part| part == "..");
        if leads_out {
            return Err(Refused::new(format!(
                "the member `{}` leads out of the archive; nothing is imported",
                name.escape_default()
            )));
        }
        let name = name.trim_start_matches("./");
        let Some((folder, file)) = name.rsplit_once('/') else {
            return Ok(if name == METADATA { Self::Metadata } else { Self::Unknown });
        };
        let section = Section::ALL.into_iter().find(|section| section.folder() == folder);
        Ok(match (section, folder) {
            (Some(section), _) if file.ends_with(".jsonl") => Self::Lines(section),
            (None, UPLOADS) => FileName::parse(file).map_or(Self::UnusableAsset, Self::Asset),
            (None, SIDECARS) => Self::Sidecar,
            _ => Self::Unknown,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str) -> Member {
        Member::parse(name).unwrap()
    }

    #[test]
    fn members_are_what_their_names_say() {
        assert_eq!(parse("entities/entities_00002.jsonl"), Member::Lines(Section::Entities));
        assert_eq!(parse("./metadata.json"), Member::Metadata);
        assert_eq!(parse("links\\links_00001.jsonl"), Member::Lines(Section::Links));
        let name = FileName::parse("a_1.png").unwrap();
        assert_eq!(parse("assets/uploads/a_1.png"), Member::Asset(name));
        assert_eq!(parse("assets/uploads/ä.png"), Member::UnusableAsset);
        assert_eq!(parse("assets/metadata/a_1.png.json"), Member::Sidecar);
        for other in ["entities/x.txt", "assets/uploads/sub/x.png", "x", "entities/", "a/b/c"] {
            assert_eq!(parse(other), Member::Unknown, "{other}");
        }
    }

    #[test]
    fn names_that_lead_out_are_refused() {
        for name in ["/etc/passwd", "../x", "entities/../../x", "assets/uploads/..", "..\\x"] {
            let error = Member::parse(name).unwrap_err().to_string();
            assert!(error.contains("leads out"), "{name}: {error}");
        }
    }
}
