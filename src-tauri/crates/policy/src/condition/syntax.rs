//! The tree of a CEL text, with places and with number literals as written.
//!
//! The grammar is CEL's own; the library's parser is not used here because it turns `5000.000000000000001` into
//! a double, loses the text of macros, and overflows the stack on deep nesting. A test keeps both in agreement.
//! What each part means is decided by [`recognise`](super::recognise).

use super::token::{Token, Tokens};
use std::ops::Range;

/// Deepest nesting taken; a chain of `+` counts as nesting, chains of `&&` and `||` do not.
const MAX_DEPTH: usize = 24;

/// A node and the bytes it stands at.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expr {
    pub(crate) kind: Kind,
    pub(crate) span: Range<usize>,
    pub(crate) depth: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    /// With its sign, as written.
    Number(String),
    Text(String),
    Name(String),
    List(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
    Select(Box<Expr>, String),
    Index(Box<Expr>, Box<Expr>),
    Call {
        target: Option<Box<Expr>>,
        name: String,
        arguments: Vec<Expr>,
    },
    Not(Box<Expr>),
    Minus(Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Choose(Box<Expr>, Box<Expr>, Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    /// Parentheses.
    Group(Box<Expr>),
}

/// What cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// Byte offset in the condition.
    pub(crate) at: usize,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl SyntaxError {
    pub(crate) fn new(at: usize, message: impl Into<String>) -> SyntaxError {
        SyntaxError { at, message: message.into(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> SyntaxError {
        self.hint = Some(hint.into());
        self
    }
}

type Parsed<T> = Result<T, SyntaxError>;

/// Reads a whole text as one expression.
pub(crate) fn parse(text: &str) -> Parsed<Expr> {
    let mut parser = Parser { tokens: Tokens::of(text)?, depth: 0 };
    let expr = parser.expression()?;
    match parser.tokens.peek() {
        None => Ok(expr),
        Some(Token::Symbol("=")) => Err(parser.unexpected().hint("compare with `==`")),
        Some(Token::Symbol("&" | "|")) => Err(parser.unexpected().hint("write `&&` for and, `||` for or")),
        Some(Token::Name(word)) if matches!(word.as_str(), "and" | "or" | "not" | "AND" | "OR" | "NOT") => {
            Err(parser.unexpected().hint("write `&&` for and, `||` for or, `!` for not"))
        }
        Some(_) => Err(parser.unexpected()),
    }
}

struct Parser {
    tokens: Tokens,
    depth: usize,
}

impl Parser {
    fn unexpected(&self) -> SyntaxError {
        match self.tokens.peek() {
            Some(token) => SyntaxError::new(self.tokens.at(), format!("unexpected {}", token.described())),
            None => SyntaxError::new(self.tokens.at(), "the condition ends too early"),
        }
    }

    fn expect(&mut self, symbol: &'static str) -> Parsed<()> {
        if self.tokens.take(symbol) {
            return Ok(());
        }
        let error = self.unexpected();
        Err(SyntaxError { message: format!("{}, where `{symbol}` should stand", error.message), ..error })
    }

    fn node(&self, start: usize, kind: Kind) -> Parsed<Expr> {
        let depth = 1 + kind.children().map(|child| child.depth).max().unwrap_or(0);
        if depth > MAX_DEPTH {
            return Err(too_deep(start));
        }
        Ok(Expr { kind, span: start..self.tokens.end_of_last(), depth })
    }

    fn expression(&mut self) -> Parsed<Expr> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(too_deep(self.tokens.at()));
        }
        let start = self.tokens.at();
        let mut expr = self.any()?;
        if self.tokens.take("?") {
            let yes = self.any()?;
            self.expect(":")?;
            let no = self.expression()?;
            expr = self.node(start, Kind::Choose(Box::new(expr), Box::new(yes), Box::new(no)))?;
        }
        self.depth -= 1;
        Ok(expr)
    }

    fn any(&mut self) -> Parsed<Expr> {
        let start = self.tokens.at();
        let mut parts = vec![self.all()?];
        while self.tokens.take("||") {
            parts.push(self.all()?);
        }
        self.chain(start, parts, Kind::Or)
    }

    fn all(&mut self) -> Parsed<Expr> {
        let start = self.tokens.at();
        let mut parts = vec![self.relation()?];
        while self.tokens.take("&&") {
            parts.push(self.relation()?);
        }
        self.chain(start, parts, Kind::And)
    }

    fn chain(&self, start: usize, mut parts: Vec<Expr>, kind: fn(Vec<Expr>) -> Kind) -> Parsed<Expr> {
        match parts.pop() {
            Some(only) if parts.is_empty() => Ok(only),
            last => {
                parts.extend(last);
                self.node(start, kind(parts))
            }
        }
    }

    fn relation(&mut self) -> Parsed<Expr> {
        let start = self.tokens.at();
        let mut left = self.operand(0)?;
        let mut compared = false;
        while let Some(operator) = self.tokens.take_any(&["==", "!=", "<=", ">=", "<", ">", "in"]) {
            if compared {
                let error = SyntaxError::new(start, "two comparisons in a row");
                return Err(error.hint("write `between(x, 1, 5)`, or join two comparisons with `&&`"));
            }
            // `!x in [..]` negates `x` alone, which is never what was meant.
            if matches!(left.kind, Kind::Not(_)) {
                let error =
                    SyntaxError::new(start, format!("`!` stands before one side of `{operator}` only"));
                return Err(error.hint(format!("put the comparison in parentheses: `!(x {operator} y)`")));
            }
            let right = self.operand(0)?;
            left = self.node(start, Kind::Binary(operator, Box::new(left), Box::new(right)))?;
            compared = true;
        }
        Ok(left)
    }

    /// Sums (level 0) of products (level 1) of unary operands.
    fn operand(&mut self, level: usize) -> Parsed<Expr> {
        let start = self.tokens.at();
        let operators: &[&'static str] = if level == 0 { &["+", "-"] } else { &["*", "/", "%"] };
        let next = |parser: &mut Parser| if level == 0 { parser.operand(1) } else { parser.unary() };
        let mut left = next(self)?;
        while let Some(operator) = self.tokens.take_any(operators) {
            let right = next(self)?;
            left = self.node(start, Kind::Binary(operator, Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed<Expr> {
        let start = self.tokens.at();
        let mut signs = Vec::new();
        let symbol = if matches!(self.tokens.peek(), Some(Token::Symbol("-"))) { "-" } else { "!" };
        while self.tokens.take(symbol) {
            signs.push(self.tokens.at());
            if signs.len() > MAX_DEPTH {
                return Err(too_deep(start));
            }
        }
        let mut expr =
            if symbol == "-" && signs.len() == 1 && matches!(self.tokens.peek(), Some(Token::Number(_))) {
                signs.clear();
                let mut number = self.member()?;
                // The sign belongs to the literal, not to `-1.x()`.
                match &mut number.kind {
                    Kind::Number(text) => {
                        text.insert(0, '-');
                        number.span.start = start;
                        number
                    }
                    _ => self.node(start, Kind::Minus(Box::new(number)))?,
                }
            } else {
                self.member()?
            };
        for _ in signs {
            let kind = if symbol == "-" { Kind::Minus(Box::new(expr)) } else { Kind::Not(Box::new(expr)) };
            expr = self.node(start, kind)?;
        }
        Ok(expr)
    }

    fn member(&mut self) -> Parsed<Expr> {
        let start = self.tokens.at();
        let mut expr = self.primary()?;
        loop {
            if self.tokens.take(".") {
                let name = self.name("a name after `.`")?;
                let kind = if self.tokens.take("(") {
                    let arguments = self.list(")")?;
                    Kind::Call { target: Some(Box::new(expr)), name, arguments }
                } else {
                    Kind::Select(Box::new(expr), name)
                };
                expr = self.node(start, kind)?;
            } else if self.tokens.take("[") {
                let index = self.expression()?;
                self.expect("]")?;
                expr = self.node(start, Kind::Index(Box::new(expr), Box::new(index)))?;
            } else {
                return Ok(expr);
            }
        }
    }

    fn name(&mut self, wanted: &str) -> Parsed<String> {
        if let Some(Token::Name(name)) = self.tokens.peek() {
            let name = name.clone();
            self.tokens.advance();
            return Ok(name);
        }
        let error = self.unexpected();
        Err(SyntaxError { message: format!("{}, where {wanted} should stand", error.message), ..error })
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let start = self.tokens.at();
        let Some(token) = self.tokens.peek().cloned() else { return Err(self.unexpected()) };
        let kind = match token {
            Token::Symbol("(") => {
                self.tokens.advance();
                let inner = self.expression()?;
                self.expect(")")?;
                Kind::Group(Box::new(inner))
            }
            Token::Symbol("[") => {
                self.tokens.advance();
                Kind::List(self.list("]")?)
            }
            Token::Symbol("{") => {
                self.tokens.advance();
                Kind::Map(self.entries()?)
            }
            Token::Number(text) => {
                self.tokens.advance();
                Kind::Number(text)
            }
            Token::Text(text) => {
                self.tokens.advance();
                Kind::Text(text)
            }
            Token::Name(name) => {
                self.tokens.advance();
                match name.as_str() {
                    "null" => Kind::Null,
                    "true" => Kind::Bool(true),
                    "false" => Kind::Bool(false),
                    word if RESERVED.contains(&word) => {
                        let error = SyntaxError::new(start, format!("`{word}` is a reserved word"));
                        return Err(
                            error.hint(format!("for a parameter of that name write `args[\"{word}\"]`"))
                        );
                    }
                    _ if self.tokens.take("(") => {
                        Kind::Call { target: None, name, arguments: self.list(")")? }
                    }
                    _ => Kind::Name(name),
                }
            }
            Token::Symbol(_) => return Err(self.unexpected()),
        };
        self.node(start, kind)
    }

    /// Expressions up to the closing symbol; CEL takes a trailing comma in lists.
    fn list(&mut self, close: &'static str) -> Parsed<Vec<Expr>> {
        let mut items = Vec::new();
        while !self.tokens.take(close) {
            items.push(self.expression()?);
            if !self.tokens.take(",") {
                self.expect(close)?;
                break;
            }
        }
        Ok(items)
    }

    fn entries(&mut self) -> Parsed<Vec<(Expr, Expr)>> {
        let mut entries = Vec::new();
        while !self.tokens.take("}") {
            let key = self.expression()?;
            self.expect(":")?;
            entries.push((key, self.expression()?));
            if !self.tokens.take(",") {
                self.expect("}")?;
                break;
            }
        }
        Ok(entries)
    }
}

/// CEL's reserved identifiers.
const RESERVED: [&str; 18] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// Whether a parameter of this name can stand bare in a condition.
pub(crate) fn is_plain_name(name: &str) -> bool {
    let head = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    head && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !RESERVED.contains(&name)
        && !matches!(name, "null" | "true" | "false")
}

fn too_deep(at: usize) -> SyntaxError {
    SyntaxError::new(at, "the condition is nested too deeply").hint("split it into several policies")
}

impl Kind {
    /// Every direct part, in the order written.
    pub(crate) fn children(&self) -> impl Iterator<Item = &Expr> {
        let children: Vec<&Expr> = match self {
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Name(_) => Vec::new(),
            Kind::List(items) | Kind::And(items) | Kind::Or(items) => items.iter().collect(),
            Kind::Map(entries) => entries.iter().flat_map(|(key, value)| [key, value]).collect(),
            Kind::Select(inner, _) | Kind::Not(inner) | Kind::Minus(inner) | Kind::Group(inner) => {
                vec![inner]
            }
            Kind::Index(inner, index) => vec![inner, index],
            Kind::Call { target, arguments, .. } => {
                target.iter().map(|target| &**target).chain(arguments).collect()
            }
            Kind::Binary(_, left, right) => vec![left, right],
            Kind::Choose(test, yes, no) => vec![test, yes, no],
        };
        children.into_iter()
    }
}

impl Expr {
    /// This node without the parentheses around it.
    pub(crate) fn bare(&self) -> &Expr {
        match &self.kind {
            Kind::Group(inner) => inner.bare(),
            _ => self,
        }
    }
}
