//! Texts as words to search for. The script in the browser does the same with what visitors
//! type; the two must agree on every sign.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// Longer words are cut: nobody types them.
const LONGEST: usize = 32;

/// The words of a text, in lower case and without accents.
pub(super) fn of(text: &str) -> Vec<String> {
    let normal = DecomposingNormalizerBorrowed::new_nfkd().normalize(text);
    let mut words = Vec::new();
    let mut word = String::new();
    for char in normal.chars().filter(|char| !is_accent(*char)) {
        if is_ideograph(char) {
            end(&mut word, &mut words);
            words.push(char.to_string());
        } else if char.is_alphanumeric() {
            // At the end of a word, and elsewhere.
            word.extend(char.to_lowercase().map(|char| if char == 'ς' { 'σ' } else { char }));
        } else {
            end(&mut word, &mut words);
        }
    }
    end(&mut word, &mut words);
    words
}

fn end(word: &mut String, words: &mut Vec<String>) {
    if !word.is_empty() {
        words.push(word.chars().take(LONGEST).collect());
        word.clear();
    }
}

fn is_accent(char: char) -> bool {
    matches!(char, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

/// Signs that are words by themselves where no blanks stand between words.
fn is_ideograph(char: char) -> bool {
    matches!(char, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

/// The file a word is in, by its first two signs.
pub(super) fn part_of(word: &str, parts: u64) -> u64 {
    let mut signs = word.chars().map(|char| u64::from(u32::from(char)));
    let (first, second) = (signs.next().unwrap_or(0), signs.next().unwrap_or(0));
    (first * 31 + second) % parts.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_script() {
        for (text, expected) in [
            ("Crème brûlée, 2×!", "creme brulee 2"),
            ("Größe ﬁne", "große fine"),
            ("北京 Tide", "北 京 tide"),
            ("Ελλάδα Москва ΟΔΟΣ οδός", "ελλαδα москва οδοσ οδοσ"),
        ] {
            assert_eq!(of(text).join(" "), expected, "{text}");
        }
        assert_eq!(part_of("ab", 1000), (97 * 31 + 98) % 1000);
    }
}
