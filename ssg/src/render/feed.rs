//! Feeds: the same items as Atom (RFC 4287), RSS 2.0 or JSON Feed 1.1.
//!
//! Whatever a reader must find is always there: absolute addresses, an id per item that stays,
//! times in the format's own way. Text is escaped here; nothing has to be marked as safe.

mod atom;
mod json;
mod rss;
mod text;

pub use text::absolute;

/// The formats, by the word that asks for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Atom,
    Rss,
    Json,
}

impl Format {
    pub const WORDS: [(&'static str, Self); 3] =
        [("atom", Self::Atom), ("rss", Self::Rss), ("json", Self::Json)];
}

/// A feed with everything it says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Feed {
    pub title: String,
    pub description: String,
    /// Of the page that shows the same items.
    pub home: String,
    /// The feed's own address.
    pub url: String,
    pub language: String,
    pub items: Vec<Item>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    pub title: String,
    pub url: String,
    /// Never changes, even when the address does.
    pub id: String,
    pub published: Option<jiff::Timestamp>,
    pub updated: Option<jiff::Timestamp>,
    pub summary: String,
    /// HTML, empty when only the summary is shown.
    pub content: String,
    pub author: String,
    pub categories: Vec<String>,
    /// Address and media type of a picture or a sound.
    pub enclosure: Option<Enclosure>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enclosure {
    pub url: String,
    pub mime: String,
    pub bytes: u64,
}

impl Feed {
    /// The feed's text.
    #[must_use]
    pub fn write(&self, format: Format) -> String {
        match format {
            Format::Atom => atom::write(self),
            Format::Rss => rss::write(self),
            Format::Json => json::write(self),
        }
    }

    /// When anything in it changed last; the beginning of time when it is empty, since a feed
    /// must say something and may not look at a clock.
    fn updated(&self) -> jiff::Timestamp {
        let times = self.items.iter().filter_map(Item::changed);
        times.max().unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl Item {
    fn changed(&self) -> Option<jiff::Timestamp> {
        self.updated.or(self.published)
    }
}

#[cfg(test)]
mod tests;
