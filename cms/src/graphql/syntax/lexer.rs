//! Tokens.

use std::fmt;

use super::SyntaxError;
use super::document::Position;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    End,
    /// `!`, `$`, `...` and the like.
    Mark(&'static str),
    Name(String),
    Int(String),
    Float(String),
    Text(String),
    Block(String),
}

impl Token {
    /// The word for tokens of this kind.
    pub(super) fn kind(&self) -> String {
        match self {
            Self::End => "<EOF>".into(),
            Self::Mark(mark) => format!("\"{mark}\""),
            Self::Name(_) => "Name".into(),
            Self::Int(_) => "Int".into(),
            Self::Float(_) => "Float".into(),
            Self::Text(_) => "String".into(),
            Self::Block(_) => "BlockString".into(),
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End | Self::Mark(_) => f.write_str(&self.kind()),
            Self::Name(text)
            | Self::Int(text)
            | Self::Float(text)
            | Self::Text(text)
            | Self::Block(text) => write!(f, "{} \"{text}\"", self.kind()),
        }
    }
}

const MARKS: [&str; 13] = ["!", "$", "&", "(", ")", ":", "=", "@", "[", "]", "{", "|", "}"];

/// Reads a text token by token.
pub(super) struct Lexer {
    text: Vec<char>,
    next: usize,
    here: Position,
}

type Lexed<T> = Result<T, SyntaxError>;

impl Lexer {
    pub(super) fn new(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { text: text.chars().collect(), next: 0, here: Position { line: 1, column: 1 } }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.next + ahead).copied()
    }

    fn bump(&mut self) -> Option<char> {
        let char = self.peek(0)?;
        self.next += 1;
        let ends_line = char == '\n' || (char == '\r' && self.peek(0) != Some('\n'));
        if ends_line {
            self.here = Position { line: self.here.line + 1, column: 1 };
        } else {
            self.here.column += if char.len_utf16() == 2 { 2 } else { 1 };
        }
        Some(char)
    }

    fn bump_all(&mut self, count: usize) {
        for _ in 0..count {
            self.bump();
        }
    }

    fn skip_blanks(&mut self) {
        while let Some(char) = self.peek(0) {
            match char {
                '#' => {
                    while self.peek(0).is_some_and(|char| char != '\n' && char != '\r') {
                        self.bump();
                    }
                }
                ' ' | '\t' | ',' | '\n' | '\r' | '\u{feff}' => {
                    self.bump();
                }
                _ => return,
            }
        }
    }

    pub(super) fn token(&mut self) -> Lexed<(Position, Token)> {
        self.skip_blanks();
        let at = self.here;
        let Some(char) = self.peek(0) else { return Ok((at, Token::End)) };
        let token = match char {
            '.' if self.peek(1) == Some('.') && self.peek(2) == Some('.') => {
                self.bump_all(3);
                Token::Mark("...")
            }
            '"' => self.text()?,
            '-' | '0'..='9' => self.number()?,
            '_' | 'a'..='z' | 'A'..='Z' => Token::Name(self.word()),
            other => match MARKS.iter().find(|mark| mark.starts_with(other)) {
                Some(mark) => {
                    self.bump();
                    Token::Mark(mark)
                }
                None => return Err(SyntaxError::new(at, unexpected(other))),
            },
        };
        Ok((at, token))
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(char) = self.peek(0).filter(|char| is_word(*char)) {
            word.push(char);
            self.bump();
        }
        word
    }

    fn number(&mut self) -> Lexed<Token> {
        let mut digits = String::new();
        let mut is_float = false;
        if self.peek(0) == Some('-') {
            digits.push('-');
            self.bump();
        }
        if self.peek(0) == Some('0') {
            digits.push('0');
            self.bump();
            if let Some(char) = self.peek(0).filter(char::is_ascii_digit) {
                let what = shown(Some(char));
                let message = format!("Invalid number, unexpected digit after 0: {what}.");
                return Err(SyntaxError::new(self.here, message));
            }
        } else {
            self.digits(&mut digits)?;
        }
        if self.peek(0) == Some('.') {
            is_float = true;
            digits.push('.');
            self.bump();
            self.digits(&mut digits)?;
        }
        if let Some(letter @ ('e' | 'E')) = self.peek(0) {
            is_float = true;
            digits.push(letter);
            self.bump();
            if let Some(sign @ ('+' | '-')) = self.peek(0) {
                digits.push(sign);
                self.bump();
            }
            self.digits(&mut digits)?;
        }
        match self.peek(0) {
            Some(char) if char == '.' || is_word(char) => Err(self.no_digit()),
            _ if is_float => Ok(Token::Float(digits)),
            _ => Ok(Token::Int(digits)),
        }
    }

    fn digits(&mut self, into: &mut String) -> Lexed<()> {
        if !self.peek(0).is_some_and(|char| char.is_ascii_digit()) {
            return Err(self.no_digit());
        }
        while let Some(char) = self.peek(0).filter(char::is_ascii_digit) {
            into.push(char);
            self.bump();
        }
        Ok(())
    }

    fn no_digit(&self) -> SyntaxError {
        let found = shown(self.peek(0));
        SyntaxError::new(self.here, format!("Invalid number, expected digit but got: {found}."))
    }

    fn text(&mut self) -> Lexed<Token> {
        self.bump();
        if self.peek(0) == Some('"') && self.peek(1) == Some('"') {
            self.bump();
            self.bump();
            return self.block();
        }
        let mut text = String::new();
        loop {
            match self.peek(0) {
                None | Some('\n' | '\r') => {
                    return Err(SyntaxError::new(self.here, "Unterminated string."));
                }
                Some('"') => {
                    self.bump();
                    return Ok(Token::Text(text));
                }
                Some('\\') => text.push(self.escape()?),
                Some(char) => {
                    text.push(char);
                    self.bump();
                }
            }
        }
    }

    fn escape(&mut self) -> Lexed<char> {
        let at = self.here;
        self.bump();
        let escaped = match self.peek(0) {
            Some('"') => '"',
            Some('\\') => '\\',
            Some('/') => '/',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => return self.unicode(at),
            other => {
                let other = other.map(String::from).unwrap_or_default();
                let message = format!("Invalid character escape sequence: \"\\{other}\".");
                return Err(SyntaxError::new(at, message));
            }
        };
        self.bump();
        Ok(escaped)
    }

    /// `\u1234`, `\u{1F680}`, or two halves of a character.
    fn unicode(&mut self, at: Position) -> Lexed<char> {
        let from = self.next;
        self.bump();
        let first = self.code();
        let code = match first {
            Some(high @ 0xD800..=0xDBFF)
                if self.peek(0) == Some('\\') && self.peek(1) == Some('u') =>
            {
                self.bump();
                self.bump();
                self.code()
                    .filter(|low| (0xDC00..=0xDFFF).contains(low))
                    .map(|low| 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
            }
            other => other,
        };
        code.and_then(char::from_u32).ok_or_else(|| {
            let until = self.next.min(from + 5).min(self.text.len());
            let written: String = self.text.get(from..until).unwrap_or_default().iter().collect();
            SyntaxError::new(at, format!("Invalid Unicode escape sequence: \"\\{written}\"."))
        })
    }

    fn code(&mut self) -> Option<u32> {
        let mut digits = String::new();
        if self.peek(0) == Some('{') {
            self.bump();
            while let Some(char) = self.peek(0).filter(char::is_ascii_hexdigit) {
                digits.push(char);
                self.bump();
            }
            self.peek(0).filter(|char| *char == '}')?;
            self.bump();
        } else {
            for _ in 0..4 {
                digits.push(self.peek(0).filter(char::is_ascii_hexdigit)?);
                self.bump();
            }
        }
        u32::from_str_radix(&digits, 16).ok()
    }

    fn block(&mut self) -> Lexed<Token> {
        let mut text = String::new();
        loop {
            match self.peek(0) {
                None => return Err(SyntaxError::new(self.here, "Unterminated string.")),
                Some('"') if self.peek(1) == Some('"') && self.peek(2) == Some('"') => {
                    self.bump_all(3);
                    return Ok(Token::Block(dedented(&text)));
                }
                Some('\\') if (1..4).all(|ahead| self.peek(ahead) == Some('"')) => {
                    self.bump_all(4);
                    text.push_str("\"\"\"");
                }
                Some(char) => {
                    text.push(char);
                    self.bump();
                }
            }
        }
    }
}

fn is_word(char: char) -> bool {
    char == '_' || char.is_ascii_alphanumeric()
}

fn unexpected(char: char) -> String {
    match char {
        '\'' => "Unexpected single quote character ('), did you mean to use a double quote (\")?"
            .to_owned(),
        other => format!("Unexpected character: {}.", shown(Some(other))),
    }
}

fn shown(char: Option<char>) -> String {
    match char {
        None => "<EOF>".into(),
        Some('"') => "'\"'".into(),
        Some(char @ ' '..='~') => format!("\"{char}\""),
        Some(char) => format!("U+{:04X}", u32::from(char)),
    }
}

/// A block text without the indentation its lines share and the empty lines around it.
fn dedented(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<&str> = text.split('\n').collect();
    let blank = |line: &&str| line.chars().all(|char| char == ' ' || char == '\t');
    let indent = |line: &&str| line.chars().take_while(|char| matches!(char, ' ' | '\t')).count();
    let shared = lines.iter().skip(1).filter(|line| !blank(line)).map(indent).min().unwrap_or(0);
    let first = lines.iter().position(|line| !blank(line)).unwrap_or(lines.len());
    let last = lines.iter().rposition(|line| !blank(line)).map_or(0, |at| at + 1);
    let cut = |(at, line): (usize, &&str)| match at {
        0 => (*line).to_owned(),
        _ => line.chars().skip(shared).collect(),
    };
    let kept = lines.iter().enumerate().skip(first).take(last.saturating_sub(first));
    kept.map(cut).collect::<Vec<_>>().join("\n")
}
