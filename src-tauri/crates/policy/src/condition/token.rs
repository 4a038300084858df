//! CEL's words: names, literals, symbols; comments and spaces fall away.

use super::syntax::SyntaxError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Name(String),
    /// As written, without a sign.
    Number(String),
    Text(String),
    Symbol(&'static str),
}

/// The tokens of one text, with a place in it.
pub(crate) struct Tokens {
    tokens: Vec<(Token, usize, usize)>,
    next: usize,
    end: usize,
    pub(crate) has_comments: bool,
}

/// Longer ones first. The last row is read only to be refused in plain words.
const SYMBOLS: [&str; 27] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "?", ":", ".", ",", "(", ")", "[", "]", "{", "}", "+",
    "-", "*", "/", "%", "=", "&", "|",
];

impl Token {
    pub(crate) fn described(&self) -> String {
        match self {
            Token::Name(word) | Token::Number(word) => format!("`{word}`"),
            Token::Text(text) => format!("text {}", crate::wording::quoted(text)),
            Token::Symbol(symbol) => format!("`{symbol}`"),
        }
    }
}

impl Tokens {
    pub(crate) fn of(text: &str) -> Result<Tokens, SyntaxError> {
        let mut tokens = Vec::new();
        let (mut at, mut has_comments) = (0, false);
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let start = at;
            let Some(c) = rest.chars().next() else { break };
            if matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}') {
                at += 1;
                continue;
            }
            if rest.starts_with("//") {
                has_comments = true;
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            let token = if let Some((text, length)) = string(rest, start)? {
                at += length;
                Token::Text(text)
            } else if c.is_ascii_alphabetic() || c == '_' {
                let length =
                    rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                at += length;
                match rest.get(..length) {
                    Some("in") => Token::Symbol("in"),
                    word => Token::Name(word.unwrap_or_default().to_owned()),
                }
            } else if let Some(length) = number(rest) {
                at += length;
                let written = rest.get(..length).unwrap_or_default();
                if rest
                    .get(length..)
                    .is_some_and(|after| after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
                {
                    let error = SyntaxError::new(start, format!("`{written}` runs into a letter"));
                    return Err(
                        error.hint("write numbers in decimal, without a suffix: `5000`, `0.5`, `1e3`")
                    );
                }
                Token::Number(written.to_owned())
            } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
                at += symbol.len();
                Token::Symbol(symbol)
            } else {
                let error = SyntaxError::new(
                    start,
                    format!("unexpected character `{}`", crate::wording::shown(&c.to_string())),
                );
                let hint =
                    "names have only a-z, A-Z, 0-9 and _; write any other parameter as `args[\"name\"]`";
                return Err(if c.is_alphabetic() { error.hint(hint) } else { error });
            };
            tokens.push((token, start, at));
        }
        Ok(Tokens { tokens, next: 0, end: text.len(), has_comments })
    }

    pub(crate) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(token, _, _)| token)
    }

    pub(crate) fn advance(&mut self) {
        self.next += 1;
    }

    /// Byte offset of the next token, or of the end.
    pub(crate) fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(_, start, _)| *start)
    }

    pub(crate) fn end_of_last(&self) -> usize {
        self.next.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(0, |(_, _, end)| *end)
    }

    pub(crate) fn take(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Symbol(next)) if *next == symbol);
        if found {
            self.advance();
        }
        found
    }

    pub(crate) fn take_any(&mut self, symbols: &[&'static str]) -> Option<&'static str> {
        symbols.iter().copied().find(|symbol| self.take(symbol))
    }
}

/// Length of a decimal literal: digits, then a fraction, then an exponent.
fn number(rest: &str) -> Option<usize> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut length = digits(rest);
    if length == 0 {
        return None;
    }
    if let Some(after) = rest.get(length..).and_then(|after| after.strip_prefix('.')) {
        let fraction = digits(after);
        if fraction > 0 {
            length += 1 + fraction;
        }
    }
    if let Some(after) = rest.get(length..).and_then(|after| after.strip_prefix(['e', 'E'])) {
        let sign = usize::from(after.starts_with(['+', '-']));
        let exponent = digits(after.get(sign..).unwrap_or_default());
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    Some(length)
}

/// A text literal at the start of `rest`: its value and its length in bytes.
fn string(rest: &str, start: usize) -> Result<Option<(String, usize)>, SyntaxError> {
    let prefix = rest.bytes().take_while(|b| matches!(b, b'r' | b'R' | b'b' | b'B')).count();
    let Some(quoted) = rest.get(prefix..).filter(|quoted| prefix <= 2 && quoted.starts_with(['"', '\'']))
    else {
        return Ok(None);
    };
    if rest.bytes().take(prefix).any(|b| matches!(b, b'b' | b'B')) {
        return Err(SyntaxError::new(start, "byte texts have no use here")
            .hint("write a plain text in quotation marks"));
    }
    let quote =
        ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| quoted.starts_with(quote)).unwrap_or("\"");
    let body = quoted.get(quote.len()..).unwrap_or_default();
    let unclosed = || SyntaxError::new(start, "this text has no closing quotation mark");
    let mut text = String::new();
    let mut at = 0;
    loop {
        let here = body.get(at..).ok_or_else(unclosed)?;
        if here.starts_with(quote) {
            return Ok(Some((text, prefix + quote.len() + at + quote.len())));
        }
        let c = here.chars().next().ok_or_else(unclosed)?;
        if quote.len() == 1 && matches!(c, '\n' | '\r') {
            return Err(unclosed());
        }
        if c == '\\' && prefix == 0 {
            let place = start + quote.len() + at;
            let (c, length) = escape(here).ok_or_else(|| {
                SyntaxError::new(place, "unknown escape")
                    .hint("use `\\\\`, `\\\"`, `\\'`, `\\n`, `\\t` or `\\uXXXX`, or a raw text: r\"…\"")
            })?;
            text.push(c);
            at += length;
        } else {
            text.push(c);
            at += c.len_utf8();
        }
    }
}

/// The character an escape stands for, and its length.
fn escape(here: &str) -> Option<(char, usize)> {
    let kind = here.chars().nth(1)?;
    let simple = match kind {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'v' => '\u{b}',
        '\\' | '"' | '\'' | '`' | '?' => kind,
        'x' | 'X' | 'u' | 'U' | '0'..='3' => {
            let (from, count, radix) = match kind {
                'x' | 'X' => (2, 2, 16),
                'u' => (2, 4, 16),
                'U' => (2, 8, 16),
                _ => (1, 3, 8),
            };
            let digits =
                here.get(from..from + count).filter(|digits| digits.chars().all(|c| c.is_digit(radix)))?;
            return Some((char::from_u32(u32::from_str_radix(digits, radix).ok()?)?, from + count));
        }
        _ => return None,
    };
    Some((simple, 2))
}
