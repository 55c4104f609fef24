//! The compact binary form of questions and traces in the state database.
//!
//! Numbers are little-endian base-128, text and lists are preceded by their length. A row
//! that cannot be read is `None`; the caller then discards all traces.

use std::sync::Arc;

use crate::strings::Strings;

/// Appends values to a buffer.
#[derive(Debug, Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn number(&mut self, mut value: u64) -> &mut Self {
        loop {
            let low = (value & 0x7f) as u8;
            value >>= 7;
            if value == 0 {
                self.0.push(low);
                return self;
            }
            self.0.push(low | 0x80);
        }
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.number(text.len() as u64).raw(text.as_bytes())
    }

    pub(super) fn texts<T: AsRef<str>>(
        &mut self,
        texts: impl ExactSizeIterator<Item = T>,
    ) -> &mut Self {
        self.number(texts.len() as u64);
        for text in texts {
            self.text(text.as_ref());
        }
        self
    }
}

/// Takes values off the front of a buffer.
#[derive(Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn number(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    pub(super) fn raw(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.raw(N)?.try_into().ok()
    }

    pub(super) fn str(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.number()?).ok()?;
        std::str::from_utf8(self.raw(length)?).ok()
    }

    pub(super) fn text(&mut self) -> Option<String> {
        self.str().map(str::to_owned)
    }

    /// Texts that others are equal to.
    pub(super) fn shared<C: FromIterator<Arc<str>>>(&mut self, strings: &mut Strings) -> Option<C> {
        let count = self.number()?;
        (0..count).map(|_| self.str().map(|text| strings.share(text))).collect()
    }

    pub(super) fn texts<T: From<&'a str>, C: FromIterator<T>>(&mut self) -> Option<C> {
        let count = self.number()?;
        (0..count).map(|_| self.str().map(T::from)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_they_were_written() {
        let mut writer = Writer::default();
        for number in [0, 1, 127, 128, 300, u64::MAX] {
            writer.number(number);
        }
        writer.text("größe").texts(["", "b"].iter());
        let mut reader = Reader(&writer.0);
        for number in [0, 1, 127, 128, 300, u64::MAX] {
            assert_eq!(reader.number(), Some(number));
        }
        assert_eq!(reader.text().as_deref(), Some("größe"));
        assert_eq!(reader.texts::<&str, Vec<_>>().unwrap(), ["", "b"]);
        assert_eq!(reader.number(), None);
    }

    #[test]
    fn a_cut_row_is_refused() {
        let mut writer = Writer::default();
        writer.text("hello");
        assert_eq!(Reader(&writer.0[..3]).text(), None);
        assert_eq!(Reader(&[0xff; 20]).number(), None);
    }
}
