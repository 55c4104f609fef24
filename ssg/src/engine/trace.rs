//! What is remembered about a page between builds.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::codec::{Reader, Writer};
use super::{Answer, Fingerprint, Footprint, Key, Reason};
use crate::strings::Strings;

/// Names a question in this graph and in its stored form.
pub type QuestionId = u32;

/// The last good rendering of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    pub about: About,
    /// blake3 of the published bytes.
    pub output: [u8; 32],
    /// In the order they were first asked.
    pub reads: Vec<QuestionId>,
}

/// Where an output file comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A template was rendered.
    #[default]
    Page,
    /// A file of the media library that a page shows.
    Media,
    /// A file below `static/`.
    Static,
}

/// Everything about a rendering that is no read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    pub kind: Kind,
    /// Which version of its source a media or static file is.
    pub version: String,
    pub url: Arc<str>,
    pub locale: Arc<str>,
    /// The route's path as site.toml writes it.
    pub route: Arc<str>,
    pub template: Arc<str>,
    /// Type and document of a page made by `each`.
    pub entry: Option<(Arc<str>, Arc<str>)>,
    /// URLs below `/uploads/` that the page shows.
    pub media: Vec<String>,
    /// Why it was rendered last.
    pub reasons: Vec<Reason>,
    /// How long that took.
    pub micros: u64,
    /// The feed position it was rendered at.
    pub seq: i64,
    /// The page failed since: it must be tried again.
    pub failed: Option<String>,
}

impl Trace {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        let about = &self.about;
        writer.number(about.kind as u64).text(&about.version);
        writer.text(&about.url).text(&about.locale).text(&about.route).text(&about.template);
        let entry: Vec<&Arc<str>> = about.entry.iter().flat_map(|(uid, id)| [uid, id]).collect();
        writer.texts(entry.into_iter());
        writer.texts(about.media.iter());
        let reasons = serde_json::to_string(&about.reasons).unwrap_or_default();
        writer.text(&reasons).number(about.micros).number(about.seq.cast_unsigned());
        writer.texts(about.failed.iter());
        writer.raw(&self.output).number(self.reads.len() as u64);
        for id in &self.reads {
            writer.number(u64::from(*id));
        }
        writer.0
    }

    pub(super) fn decode(bytes: &[u8], strings: &mut Strings) -> Option<Self> {
        let mut reader = Reader(bytes);
        let about = About {
            kind: match reader.number()? {
                0 => Kind::Page,
                1 => Kind::Media,
                2 => Kind::Static,
                _ => return None,
            },
            version: reader.text()?,
            url: reader.str()?.into(),
            locale: strings.share(reader.str()?),
            route: strings.share(reader.str()?),
            template: strings.share(reader.str()?),
            entry: {
                let parts: Vec<Arc<str>> = reader.shared(strings)?;
                let mut parts = parts.into_iter();
                parts.next().zip(parts.next())
            },
            media: reader.texts()?,
            reasons: serde_json::from_str(&reader.text()?).ok()?,
            micros: reader.number()?,
            seq: reader.number()?.cast_signed(),
            failed: reader.texts::<String, Vec<_>>()?.pop(),
        };
        let output = reader.array()?;
        let count = reader.number()?;
        let read = |_| reader.number().and_then(|id| QuestionId::try_from(id).ok());
        Some(Self { about, output, reads: (0..count).map(read).collect::<Option<_>>()? })
    }
}

/// A question with its last answer, as stored.
pub(super) fn encode_question(key: &Key, answer: &Answer) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.text(&key.encode()).raw(answer.fingerprint.as_bytes());
    writer.texts(answer.footprint.documents.iter()).texts(answer.footprint.types.iter());
    writer.0
}

pub(super) fn decode_question(bytes: &[u8], strings: &mut Strings) -> Option<(Key, Answer)> {
    let mut reader = Reader(bytes);
    let key = Key::decode(reader.str()?, &mut |text| strings.share(text))?;
    let fingerprint = Fingerprint::from_bytes(reader.array()?);
    let footprint =
        Footprint { documents: reader.shared(strings)?, types: reader.shared(strings)? };
    Some((key, Answer { fingerprint, footprint: Arc::new(footprint) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_read_as_it_was_written() {
        let about = About {
            kind: Kind::Media,
            version: "v1".into(),
            url: "/blog/gr%C3%B6%C3%9Fe/".into(),
            locale: "en".into(),
            route: "/blog/{slug}/".into(),
            template: "article.html".into(),
            entry: Some(("api::article.article".into(), "d1".into())),
            media: vec!["/uploads/a.png".into()],
            reasons: vec![
                Reason::Clean {},
                Reason::Entry { uid: "u".into(), document_id: "d".into(), field: None },
            ],
            micros: 1234,
            seq: 7,
            failed: Some("line 3".into()),
        };
        let trace = Trace { about, output: [7; 32], reads: vec![0, 5, 300] };
        let strings = &mut Strings::default();
        assert_eq!(Trace::decode(&trace.encode(), strings), Some(trace.clone()));
        let plain = Trace { about: About::default(), ..trace };
        assert_eq!(Trace::decode(&plain.encode(), strings), Some(plain));
        assert_eq!(Trace::decode(b"?", strings), None);
    }

    #[test]
    fn a_question_is_read_as_it_was_written() {
        let key = Key::Asset { path: "site.css".into() };
        let mut footprint = Footprint::default();
        footprint.document("d");
        footprint.content_type("t");
        let answer =
            Answer { fingerprint: Fingerprint::of_bytes(b"x"), footprint: footprint.into() };
        let bytes = encode_question(&key, &answer);
        assert_eq!(decode_question(&bytes, &mut Strings::default()), Some((key, answer)));
    }
}
