//! `agents.toml`: which programs may connect, and for whom each acts.
//!
//! A token is 32 random bytes, shown once; the file keeps its SHA-256 only (I8). An agent without a token can be
//! used over the home's socket alone.

use super::{
    book_page::BookPage,
    error::{BookError, FileError},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use policy::{AgentName, Timestamp, UserId};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeSet,
    fmt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use subtle::ConstantTimeEq;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

/// An agent's secret, to be shown once.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn random() -> Result<Token, BookError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(BookError::NoRandomness)?;
        Ok(Token(format!("dw_{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))))
    }
}

/// The secret stays out of logs (I8).
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Who calls: an agent and the user it acts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    pub name: AgentName,
    pub user: UserId,
    /// How long it is kept waiting for a held call, where a person set that.
    pub wait_limit: Option<Duration>,
    /// The programs it is known to be, by path; none before its first connection.
    pub programs: Vec<String>,
}

/// One agent of the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentRow {
    pub name: AgentName,
    pub user: UserId,
    pub added_at: Timestamp,
    pub wait_limit: Option<Duration>,
    /// As [`Agent::programs`].
    pub programs: Vec<String>,
    /// SHA-256 of its token; none for an agent of the socket.
    token_sha256: Option<[u8; 32]>,
}

impl AgentRow {
    #[must_use]
    pub fn has_token(&self) -> bool {
        self.token_sha256.is_some()
    }

    /// Whether it is known by the same token as that one, or both by none.
    pub(crate) fn has_token_of(&self, other: &AgentRow) -> bool {
        self.token_sha256 == other.token_sha256
    }

    fn agent(&self) -> Agent {
        Agent {
            name: self.name.clone(),
            user: self.user.clone(),
            wait_limit: self.wait_limit,
            programs: self.programs.clone(),
        }
    }
}

/// The agents of one home, as last read from its `agents.toml`.
#[derive(Debug)]
pub struct AgentBook {
    page: BookPage,
    rows: Vec<AgentRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    agent: Vec<WrittenAgent>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAgent {
    name: AgentName,
    user: UserId,
    #[serde(default = "epoch")]
    added_at: Timestamp,
    #[serde(default)]
    token_sha256: Option<HexHash>,
    #[serde(default)]
    wait_limit: Option<WaitLimit>,
    #[serde(default)]
    program: Programs,
}

/// Longest wait that can be set.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct WaitLimit(Duration);

impl TryFrom<String> for WaitLimit {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let length =
            policy::time::length(&text).filter(|length| !length.is_zero() && *length <= LONGEST_WAIT);
        length.map(WaitLimit).ok_or("`wait_limit` must be a length of time up to 24h, such as `45s` or `20m`")
    }
}

/// One path, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Programs {
    One(String),
    Several(Vec<String>),
}

impl Default for Programs {
    fn default() -> Programs {
        Programs::Several(Vec::new())
    }
}

fn epoch() -> Timestamp {
    Timestamp(0)
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct HexHash([u8; 32]);

impl TryFrom<String> for HexHash {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        const RULE: &str = "`token_sha256` must be 64 hexadecimal digits";
        let digits: Vec<u8> = text
            .chars()
            .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
            .collect::<Option<_>>()
            .ok_or(RULE)?;
        let (pairs, rest) = digits.as_chunks::<2>();
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high * 16 + low).collect();
        if rest.is_empty() { bytes.try_into().map(HexHash).map_err(|_| RULE) } else { Err(RULE) }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

impl AgentBook {
    /// Reads the book; an absent file is an empty book.
    ///
    /// # Errors
    /// [`BookError::File`] with line and column, or [`BookError::Twice`].
    pub fn load(page: impl Into<BookPage>) -> Result<AgentBook, BookError> {
        let page = page.into();
        let rows = read(&page)?;
        Ok(AgentBook { page, rows })
    }

    /// The book as a confirmed text has it; `path` is where changes of it go.
    ///
    /// # Errors
    /// As [`AgentBook::load`].
    pub(crate) fn parse(path: PathBuf, text: &str) -> Result<AgentBook, BookError> {
        let rows = parse(&path, text)?;
        Ok(AgentBook { page: path.into(), rows })
    }

    /// Reads the file again.
    ///
    /// # Errors
    /// As [`AgentBook::load`]; the book then stays as it was.
    pub fn reload(&mut self) -> Result<(), BookError> {
        self.rows = read(&self.page)?;
        Ok(())
    }

    /// Adds an agent and writes the file. The caller has checked that the user exists.
    ///
    /// # Errors
    /// [`BookError::AgentExists`], or the file could not be read or written.
    pub fn add(&mut self, name: AgentName, user: UserId) -> Result<Token, BookError> {
        let token = Token::random()?;
        self.insert(name, user, Some(Sha256::digest(token.as_str().as_bytes()).into()))?;
        Ok(token)
    }

    /// Adds an agent that connects over the home's socket only.
    ///
    /// # Errors
    /// As [`AgentBook::add`].
    pub fn add_without_token(&mut self, name: AgentName, user: UserId) -> Result<(), BookError> {
        self.insert(name, user, None)
    }

    fn insert(
        &mut self,
        name: AgentName,
        user: UserId,
        token_sha256: Option<[u8; 32]>,
    ) -> Result<(), BookError> {
        self.reload()?;
        if self.by_name(name.as_str()).is_some() {
            return Err(BookError::AgentExists { name: name.into() });
        }
        let mut table = Table::new();
        table.insert("name", value(name.as_str()));
        table.insert("user", value(user.as_str()));
        table.insert("added_at", value(now().0));
        if let Some(hash) = token_sha256 {
            table.insert("token_sha256", value(hex(&hash)));
        }
        edit(&self.page, "agent", |agents| agents.push(table))?;
        self.reload()
    }

    /// Removes an agent and writes the file; its token stops working.
    ///
    /// # Errors
    /// [`BookError::NoSuchAgent`], or the file could not be read or written.
    pub fn remove(&mut self, name: &str) -> Result<(), BookError> {
        self.reload()?;
        if self.by_name(name).is_none() {
            return Err(BookError::NoSuchAgent { name: name.to_owned() });
        }
        edit(&self.page, "agent", |agents| agents.retain(|table| !is_named(table, name)))?;
        self.reload()
    }

    /// Sets, or with none unsets, how long an agent is kept waiting, and writes the file.
    ///
    /// # Errors
    /// [`BookError::NoSuchAgent`], [`BookError::WaitLimit`], or the file could not be read or written.
    pub fn set_wait_limit(&mut self, name: &str, limit: Option<Duration>) -> Result<(), BookError> {
        if limit.is_some_and(|limit| limit < Duration::from_secs(1) || limit > LONGEST_WAIT) {
            return Err(BookError::WaitLimit);
        }
        self.change(name, |table| match limit {
            Some(limit) => drop(table.insert("wait_limit", value(policy::time::length_text(limit)))),
            None => drop(table.remove("wait_limit")),
        })
    }

    /// Adds a program that an agent is known to be, and writes the file; false where it is known already, or is
    /// not the first and only the first is wanted.
    ///
    /// # Errors
    /// [`BookError::NoSuchAgent`], or the file could not be read or written.
    pub fn add_program(&mut self, name: &str, program: &str, only_first: bool) -> Result<bool, BookError> {
        self.reload()?;
        let mut known = match self.rows.iter().find(|row| row.name.as_str() == name) {
            Some(row) => row.programs.clone(),
            None => return Err(BookError::NoSuchAgent { name: name.to_owned() }),
        };
        if known.iter().any(|known| known == program) || (only_first && !known.is_empty()) {
            return Ok(false);
        }
        known.push(program.to_owned());
        let list: toml_edit::Array = known.iter().map(String::as_str).collect();
        self.change(name, |table| drop(table.insert("program", value(list))))?;
        Ok(true)
    }

    fn change(&mut self, name: &str, change: impl FnOnce(&mut Table)) -> Result<(), BookError> {
        self.reload()?;
        if self.by_name(name).is_none() {
            return Err(BookError::NoSuchAgent { name: name.to_owned() });
        }
        edit(&self.page, "agent", |agents| {
            if let Some(table) = agents.iter_mut().find(|table| is_named(table, name)) {
                change(table);
            }
        })?;
        self.reload()
    }

    /// The agent whose token this is. Every stored hash is compared, each in constant time.
    #[must_use]
    pub fn authenticate(&self, token: &str) -> Option<Agent> {
        let given: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let mut found = None;
        for row in &self.rows {
            if row.token_sha256.is_some_and(|hash| hash.ct_eq(&given).into()) {
                found = Some(row);
            }
        }
        found.map(AgentRow::agent)
    }

    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<Agent> {
        self.rows.iter().find(|row| row.name.as_str() == name).map(AgentRow::agent)
    }

    #[must_use]
    pub fn list(&self) -> &[AgentRow] {
        &self.rows
    }
}

fn read(page: &BookPage) -> Result<Vec<AgentRow>, BookError> {
    match page.read()? {
        Some(text) => parse(page.path(), &text),
        None => Ok(Vec::new()),
    }
}

fn parse(path: &Path, text: &str) -> Result<Vec<AgentRow>, BookError> {
    let written: Written =
        toml_edit::de::from_str(text).map_err(|error| FileError::toml(path, text, &error))?;
    let mut seen = BTreeSet::new();
    let mut rows = Vec::with_capacity(written.agent.len());
    for WrittenAgent { name, user, added_at, token_sha256, wait_limit, program } in written.agent {
        if !seen.insert(name.clone()) {
            return Err(BookError::Twice { name: name.into(), path: path.to_owned() });
        }
        let programs = match program {
            Programs::One(program) => vec![program],
            Programs::Several(programs) => programs,
        };
        let wait_limit = wait_limit.map(|WaitLimit(limit)| limit);
        let token_sha256 = token_sha256.map(|HexHash(hash)| hash);
        rows.push(AgentRow { name, user, added_at, wait_limit, programs, token_sha256 });
    }
    Ok(rows)
}

/// Changes the array of tables `key` of a book, keeping a person's comments and order, and writes it whole.
pub(super) fn edit(
    page: &BookPage,
    key: &str,
    change: impl FnOnce(&mut ArrayOfTables),
) -> Result<(), FileError> {
    let text = page.read()?.unwrap_or_default();
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| FileError::toml(page.path(), &text, &error.into()))?;
    let item = document.entry(key).or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    // `agent = []` and inline tables mean the same; they become tables.
    if let Ok(tables) = std::mem::take(item).into_array_of_tables() {
        *item = Item::ArrayOfTables(tables);
    } else {
        *item = Item::ArrayOfTables(ArrayOfTables::new());
    }
    if let Some(tables) = item.as_array_of_tables_mut() {
        change(tables);
    }
    page.write(document.to_string())
}

/// Is this the entry of that name?
pub(super) fn is_named(table: &Table, name: &str) -> bool {
    table.get("name").and_then(Item::as_str) == Some(name)
}
