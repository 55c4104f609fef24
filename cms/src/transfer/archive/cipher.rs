//! Strapi's encryption of whole archives: AES-128 in ECB mode with PKCS #7 padding, the key
//! made from the password by scrypt without a salt. Weak by design (equal blocks look equal)
//! and kept only because archives come this way.

use std::io::{self, Read, Write};

use aes::Aes128;
use aes::cipher::{Block, BlockCipherDecrypt as _, BlockCipherEncrypt as _, KeyInit as _};
use anyhow::Context as _;

const BLOCK: usize = 16;
/// Bytes ciphered at a time.
const CHUNK: usize = 64 * 1024;
/// Node's defaults: N = 2^14, r = 8, p = 1.
const SCRYPT_LOG_N: u8 = 14;
const SCRYPT_R: u32 = 8;
const SCRYPT_P: u32 = 1;

/// The cipher of one password.
#[derive(Clone)]
pub(crate) struct Key(Aes128);

// A key must not reach a log.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// Slow on purpose: a tenth of a second.
    ///
    /// # Errors
    /// Never with these parameters.
    pub(crate) fn derive(password: &str) -> anyhow::Result<Self> {
        let params = scrypt::Params::new(SCRYPT_LOG_N, SCRYPT_R, SCRYPT_P)
            .context("the key cannot be derived")?;
        let mut key = [0; BLOCK];
        scrypt::scrypt(password.as_bytes(), b"", &params, &mut key)
            .context("the key cannot be derived")?;
        Ok(Self(Aes128::new(&key.into())))
    }
}

/// Reads what was encrypted.
pub(crate) struct Decrypting<R> {
    inner: R,
    key: Key,
    /// Clear text; what stands before `at` was handed out.
    clear: Vec<u8>,
    at: usize,
    /// Encrypted bytes that are not whole blocks yet, or may be the last block.
    held: Vec<u8>,
    ended: bool,
}

impl<R: Read> Decrypting<R> {
    pub(crate) fn new(inner: R, key: Key) -> Self {
        Self { inner, key, clear: Vec::new(), at: 0, held: Vec::new(), ended: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        let mut chunk = vec![0; CHUNK];
        let read = self.inner.read(&mut chunk)?;
        self.held.extend(chunk.get(..read).unwrap_or_default());
        self.ended = read == 0;
        // The last block is padding in part, so one is held back until the end is seen.
        let whole = match self.ended {
            true if !self.held.len().is_multiple_of(BLOCK) || self.held.is_empty() => {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ends in mid-block"));
            }
            true => self.held.len(),
            false => self.held.len().saturating_sub(1) / BLOCK * BLOCK,
        };
        let rest = self.held.split_off(whole);
        self.clear = std::mem::replace(&mut self.held, rest);
        self.at = 0;
        for block in self.clear.chunks_exact_mut(BLOCK) {
            if let Ok(block) = <&mut Block<Aes128>>::try_from(block) {
                self.key.0.decrypt_block(block);
            }
        }
        if self.ended { self.unpad() } else { Ok(()) }
    }

    fn unpad(&mut self) -> io::Result<()> {
        let padding = self.clear.last().copied().map_or(0, usize::from);
        let valid = (1..=BLOCK).contains(&padding)
            && self.clear.iter().rev().take(padding).all(|byte| usize::from(*byte) == padding);
        if !valid {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it does not end as encrypted"));
        }
        self.clear.truncate(self.clear.len() - padding);
        Ok(())
    }
}

impl<R: Read> Read for Decrypting<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.clear.len() && !self.ended {
            self.refill()?;
        }
        let waiting = self.clear.get(self.at..).unwrap_or_default();
        let count = waiting.len().min(out.len());
        let (from, to) = (waiting.get(..count), out.get_mut(..count));
        if let (Some(from), Some(to)) = (from, to) {
            to.copy_from_slice(from);
        }
        self.at += count;
        Ok(count)
    }
}

/// Encrypts what is written. Nothing can be read back before [`Encrypting::finish`].
pub(crate) struct Encrypting<W> {
    inner: W,
    key: Key,
    held: Vec<u8>,
}

impl<W: Write> Encrypting<W> {
    pub(crate) fn new(inner: W, key: Key) -> Self {
        Self { inner, key, held: Vec::new() }
    }

    /// Writes the padding.
    ///
    /// # Errors
    /// Those of the writer.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        let padding = BLOCK - self.held.len() % BLOCK;
        let filler = u8::try_from(padding).unwrap_or_default();
        self.held.resize(self.held.len() + padding, filler);
        self.drain()?;
        Ok(self.inner)
    }

    fn drain(&mut self) -> io::Result<()> {
        let whole = self.held.len() / BLOCK * BLOCK;
        let rest = self.held.split_off(whole);
        for block in self.held.chunks_exact_mut(BLOCK) {
            if let Ok(block) = <&mut Block<Aes128>>::try_from(block) {
                self.key.0.encrypt_block(block);
            }
        }
        self.inner.write_all(&self.held)?;
        self.held = rest;
        Ok(())
    }
}

impl<W: Write> Write for Encrypting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend(bytes);
        if self.held.len() >= CHUNK {
            self.drain()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        static KEY: std::sync::LazyLock<Key> =
            std::sync::LazyLock::new(|| Key::derive("correct horse").unwrap());
        KEY.clone()
    }

    fn round_trip(text: &[u8]) {
        let mut encrypting = Encrypting::new(Vec::new(), key());
        encrypting.write_all(text).unwrap();
        let hidden = encrypting.finish().unwrap();
        assert!(hidden.len() > text.len() && hidden.len().is_multiple_of(BLOCK));
        let mut clear = Vec::new();
        Decrypting::new(hidden.as_slice(), key()).read_to_end(&mut clear).unwrap();
        assert_eq!(clear, text);
    }

    #[test]
    fn what_was_encrypted_reads_back_whatever_its_length() {
        for length in [0, 1, 15, 16, 17, 31, 32, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5] {
            round_trip(&(0..length).map(|at| (at % 251) as u8).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_cut_or_foreign_text_is_an_error() {
        let mut encrypting = Encrypting::new(Vec::new(), key());
        encrypting.write_all(&[200; 100]).unwrap();
        let hidden = encrypting.finish().unwrap();
        for wrong in [&hidden[..hidden.len() - 1], &hidden[..96], b""] {
            assert!(Decrypting::new(wrong, key()).read_to_end(&mut Vec::new()).is_err());
        }
        let other = Key::derive("wrong").unwrap();
        assert!(Decrypting::new(hidden.as_slice(), other).read_to_end(&mut Vec::new()).is_err());
    }

    /// `crypto.scryptSync('k', '', 16)` and `aes-128-ecb` in Node, of the text `strapi`.
    #[test]
    fn bytes_are_those_of_node() {
        let mut encrypting = Encrypting::new(Vec::new(), Key::derive("k").unwrap());
        encrypting.write_all(b"strapi").unwrap();
        let hidden = encrypting.finish().unwrap();
        let hex: String = hidden.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "00fb2a334307b3a16158099b2d179e27");
    }
}
