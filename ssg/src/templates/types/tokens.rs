//! Where the parts of an expression begin and end. Never looks up what they stand for.

use crate::templates::scan::{Token, value_path};

/// Whether the template asks itself if the attribute is there.
pub(super) fn is_asked_for(rest: &[&Token], names: usize) -> bool {
    let after = rest.get(path_length(rest, names)..).unwrap_or_default();
    matches!(after.first(), Some(Token::Word(word)) if word == "is")
}

/// How many tokens the names of a path after its first take.
pub(super) fn path_length(rest: &[&Token], names: usize) -> usize {
    let mut at = 0;
    for _ in 1..names {
        if rest.get(at) == Some(&&Token::Sign('?')) {
            at += 1;
        }
        at += 2;
    }
    at
}

/// Where the bracket that is open closes.
pub(super) fn closing(tokens: &[&Token], end: char) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign(sign) if depth == 0 && *sign == end => return Some(at),
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

/// Parts between commas.
pub(super) fn split<'t, 'a>(tokens: &'t [&'a Token]) -> Vec<&'t [&'a Token]> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth = depth.saturating_sub(1),
            Token::Sign(',') if depth == 0 => {
                parts.extend(tokens.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(tokens.get(start..));
    parts
}

pub(super) fn dotted(tokens: &[&Token]) -> String {
    match tokens {
        [Token::Word(name), rest @ ..] => value_path(name, rest, 0, 0).names.join("."),
        _ => String::new(),
    }
}

/// The arguments of a component's call, after its name; `None` when they are not understood.
pub(super) fn attributes<'a>(tokens: &[&'a Token]) -> Option<Vec<(String, Vec<&'a Token>)>> {
    let mut found = Vec::new();
    let name = match tokens {
        [Token::Word(name), rest @ ..] => value_path(name, rest, 0, 0).names.len(),
        _ => return None,
    };
    let mut rest = tokens.get(1 + path_length(tokens.get(1..)?, name)..)?;
    loop {
        rest = match rest {
            [Token::Sign('/' | '>'), ..] | [] => return Some(found),
            [Token::Word(name), Token::Sign('='), Token::Sign('{'), value @ ..] => {
                let end = closing(value, '}')?;
                found.push((name.clone(), value.get(..end)?.to_vec()));
                value.get(end + 1..)?
            }
            [Token::Word(name), Token::Sign('='), value @ Token::Text(_), tail @ ..] => {
                found.push((name.clone(), vec![*value]));
                tail
            }
            // The value of the same name.
            [name @ Token::Word(text), tail @ ..] => {
                found.push((text.clone(), vec![*name]));
                tail
            }
            _ => return None,
        };
    }
}
