//! `upstreams.toml`: the MCP servers behind this desk, and how each is started or reached.
//!
//! Checked where it enters, so that nobody downstream of here sees a command with hidden characters or a
//! plain-text address of another machine.

use super::{
    agents::{edit, is_named},
    book_page::BookPage,
    error::{BookError, FileError},
    secret_use::{SecretPlace, SecretUse, SecretUseError},
};
use policy::UpstreamName;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    path::{Path, PathBuf},
};

/// One upstream. As TOML and as JSON it is flat: `name`, then `command`, `args`, `env`, `cwd` or `url`, `headers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct UpstreamConfig {
    pub name: UpstreamName,
    pub transport: Transport,
    /// Refuse arguments that do not fit the tool's schema, instead of leaving that to the upstream.
    pub strict_schema: bool,
    /// What it is given from the keychain, by name.
    pub secrets: Vec<SecretUse>,
}

/// How an upstream is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    Stdio { command: String, args: Vec<String>, env: BTreeMap<String, String>, cwd: Option<PathBuf> },
    Http { url: String, headers: BTreeMap<String, String> },
}

/// Why an upstream is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("upstream `{name}` needs either a command or a url")]
    NeitherOrBoth { name: UpstreamName },
    #[error("upstream `{name}`: `{key}` goes with a {with}")]
    Misplaced { name: UpstreamName, key: &'static str, with: &'static str },
    #[error("upstream `{name}`: {part} has a control or invisible character")]
    HiddenCharacter { name: UpstreamName, part: String },
    #[error("upstream `{name}`: {part} is empty or has a character that is not allowed there")]
    BadName { name: UpstreamName, part: String },
    #[error("upstream `{name}`: the gateway sets the header `{header}` itself")]
    OwnHeader { name: UpstreamName, header: String },
    #[error("upstream `{name}`: the folder `{}` is not absolute", .cwd.display())]
    RelativeFolder { name: UpstreamName, cwd: PathBuf },
    #[error("upstream `{name}`: `{url}` is no http or https address")]
    NotAUrl { name: UpstreamName, url: String },
    #[error("upstream `{name}`: `{url}` is plain http to another machine")]
    PlainHttp { name: UpstreamName, url: String },
    #[error("upstream `{name}`: {error}")]
    Secret { name: UpstreamName, error: SecretUseError },
    #[error("upstream `{name}`: {part} is given twice")]
    SecretTwice { name: UpstreamName, part: String },
    #[error("upstream `{name}`: the address has a user name or password in it")]
    CredentialsInUrl { name: UpstreamName },
}

impl ConfigError {
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            ConfigError::NeitherOrBoth { .. } => {
                "write `-- COMMAND ARGS…` for a program or `--url URL` for an address"
            }
            ConfigError::Misplaced { .. } => "remove it, or make the upstream the other kind",
            ConfigError::HiddenCharacter { .. } => {
                "type it again without line breaks, control and invisible characters"
            }
            ConfigError::BadName { .. } => "use letters, digits, `-` and `_`",
            ConfigError::OwnHeader { .. } => "leave that header out",
            ConfigError::RelativeFolder { .. } => "write the whole path, from `/`",
            ConfigError::NotAUrl { .. } => "write an address such as http://127.0.0.1:3000/mcp",
            ConfigError::PlainHttp { .. } => {
                "use https, or an address of this machine (127.0.0.1, [::1], localhost)"
            }
            ConfigError::CredentialsInUrl { .. } => "give it as a secret, with `--secret`",
            ConfigError::Secret { .. } => {
                "a command takes secrets in variables (`env`), an address in headers (`header`)"
            }
            ConfigError::SecretTwice { .. } => "leave one of them out",
        }
    }
}

/// Headers that belong to the protocol or to the connection.
const OWN_HEADERS: [&str; 12] = [
    "accept",
    "connection",
    "content-length",
    "content-type",
    "host",
    "last-event-id",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
    "origin",
    "transfer-encoding",
];

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: UpstreamName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    command: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    args: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cwd: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    strict_schema: bool,
    // Tables last: TOML wants plain keys before them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    env: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<SecretUse>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape serde asks for")]
fn is_false(value: &bool) -> bool {
    !*value
}

impl TryFrom<Written> for UpstreamConfig {
    type Error = ConfigError;
    fn try_from(written: Written) -> Result<Self, ConfigError> {
        let Written { name, command, args, cwd, url, strict_schema, env, headers, secrets } = written;
        let misplaced = |key, with| Err(ConfigError::Misplaced { name: name.clone(), key, with });
        let transport = match (command, url) {
            (Some(command), None) if headers.is_empty() => Transport::Stdio { command, args, env, cwd },
            (Some(_), None) => return misplaced("headers", "url"),
            (None, Some(_)) if !args.is_empty() => return misplaced("args", "command"),
            (None, Some(_)) if !env.is_empty() => return misplaced("env", "command"),
            (None, Some(_)) if cwd.is_some() => return misplaced("cwd", "command"),
            (None, Some(url)) => Transport::Http { url, headers },
            _ => return Err(ConfigError::NeitherOrBoth { name }),
        };
        UpstreamConfig::new(name, transport, strict_schema)?.with_secrets(secrets)
    }
}

impl From<UpstreamConfig> for Written {
    fn from(config: UpstreamConfig) -> Written {
        let UpstreamConfig { name, transport, strict_schema, secrets } = config;
        let empty = Written {
            name,
            command: None,
            args: Vec::new(),
            cwd: None,
            url: None,
            strict_schema,
            env: BTreeMap::new(),
            headers: BTreeMap::new(),
            secrets,
        };
        match transport {
            Transport::Stdio { command, args, env, cwd } => {
                Written { command: Some(command), args, env, cwd, ..empty }
            }
            Transport::Http { url, headers } => Written { url: Some(url), headers, ..empty },
        }
    }
}

impl UpstreamConfig {
    /// An upstream that passed every check.
    ///
    /// # Errors
    /// [`ConfigError`]: what is not taken, with [`ConfigError::hint`].
    pub fn new(
        name: UpstreamName,
        transport: Transport,
        strict_schema: bool,
    ) -> Result<UpstreamConfig, ConfigError> {
        match &transport {
            Transport::Stdio { command, args, env, cwd } => {
                check_stdio(&name, command, args, env, cwd.as_deref())?
            }
            Transport::Http { url, headers } => check_http(&name, url, headers)?,
        }
        Ok(UpstreamConfig { name, transport, strict_schema, secrets: Vec::new() })
    }

    /// The same with secrets, each in a place of its own.
    ///
    /// # Errors
    /// [`ConfigError`]: what is not taken.
    pub fn with_secrets(mut self, secrets: Vec<SecretUse>) -> Result<UpstreamConfig, ConfigError> {
        let (mut names, mut places) = (BTreeSet::new(), BTreeSet::new());
        for used in &secrets {
            let bad = |error| ConfigError::Secret { name: self.name.clone(), error };
            let (place, taken) = match (&used.place, &self.transport) {
                (SecretPlace::Variable(variable), Transport::Stdio { env, .. }) => {
                    (variable.clone(), env.contains_key(variable))
                }
                (SecretPlace::Header { header, .. }, Transport::Http { headers, .. }) => {
                    if OWN_HEADERS.contains(&header.to_ascii_lowercase().as_str()) {
                        let (name, header) = (self.name.clone(), header.clone());
                        return Err(ConfigError::OwnHeader { name, header });
                    }
                    (header.to_ascii_lowercase(), headers.keys().any(|key| key.eq_ignore_ascii_case(header)))
                }
                (SecretPlace::Variable(variable), Transport::Http { .. }) => {
                    let (name, variable) = (used.name.clone(), variable.clone());
                    return Err(bad(SecretUseError::BadVariable { name, variable }));
                }
                (SecretPlace::Header { header, .. }, Transport::Stdio { .. }) => {
                    let (name, header) = (used.name.clone(), header.clone());
                    return Err(bad(SecretUseError::BadHeader { name, header }));
                }
            };
            let twice = |part: String| ConfigError::SecretTwice { name: self.name.clone(), part };
            if !names.insert(used.name.clone()) {
                return Err(twice(format!("the secret `{}`", used.name)));
            }
            if taken || !places.insert(place.clone()) {
                return Err(twice(format!("`{place}`")));
            }
        }
        self.secrets = secrets;
        Ok(self)
    }

    /// Whether both reach the same, and are given secrets of the same names in the same places. What a person set for
    /// one of them beside that makes it no other server.
    pub(crate) fn reaches_the_same(&self, other: &UpstreamConfig) -> bool {
        let given = |config: &UpstreamConfig| -> BTreeSet<(String, String)> {
            let of = |used: &SecretUse| (used.name.clone(), format!("{:?}", used.place));
            config.secrets.iter().map(of).collect()
        };
        self.transport == other.transport && given(self) == given(other)
    }

    /// Whether its calls need a step-up by themselves.
    #[must_use]
    pub fn has_step_up_secret(&self) -> bool {
        self.secrets.iter().any(|used| used.step_up)
    }

    /// The exact command or address, for people: words with spaces or quotes are quoted.
    #[must_use]
    pub fn shown(&self) -> String {
        match &self.transport {
            Transport::Stdio { command, args, .. } => {
                std::iter::once(command).chain(args).map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
            }
            Transport::Http { url, .. } => url.clone(),
        }
    }
}

pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,~".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Characters that a person who reads the command would not see, or see elsewhere.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn visible(name: &UpstreamName, part: impl Into<String>, text: &str) -> Result<(), ConfigError> {
    if text.chars().any(is_hidden) {
        return Err(ConfigError::HiddenCharacter { name: name.clone(), part: part.into() });
    }
    Ok(())
}

fn check_stdio(
    name: &UpstreamName,
    command: &str,
    args: &[String],
    env: &BTreeMap<String, String>,
    cwd: Option<&Path>,
) -> Result<(), ConfigError> {
    let bad = |part: String| Err(ConfigError::BadName { name: name.clone(), part });
    visible(name, "the command", command)?;
    if command.trim().is_empty() {
        return bad("the command".to_owned());
    }
    for (i, arg) in args.iter().enumerate() {
        visible(name, format!("argument {}", i + 1), arg)?;
    }
    for (key, text) in env {
        visible(name, "an environment variable's name", key)?;
        visible(name, format!("the environment variable `{key}`"), text)?;
        if key.is_empty() || key.contains('=') {
            return bad(format!("the environment variable name `{key}`"));
        }
    }
    if let Some(cwd) = cwd {
        visible(name, "the folder", &cwd.to_string_lossy())?;
        if !cwd.is_absolute() {
            return Err(ConfigError::RelativeFolder { name: name.clone(), cwd: cwd.to_owned() });
        }
    }
    Ok(())
}

fn check_http(name: &UpstreamName, url: &str, headers: &BTreeMap<String, String>) -> Result<(), ConfigError> {
    visible(name, "the address", url)?;
    let not_a_url = || ConfigError::NotAUrl { name: name.clone(), url: url.to_owned() };
    let parsed = reqwest::Url::parse(url).map_err(|_| not_a_url())?;
    let host = parsed.host_str().ok_or_else(not_a_url)?;
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(ConfigError::CredentialsInUrl { name: name.clone() });
    }
    match parsed.scheme() {
        "https" => {}
        "http" if is_this_machine(host) => {}
        "http" => return Err(ConfigError::PlainHttp { name: name.clone(), url: url.to_owned() }),
        _ => return Err(not_a_url()),
    }
    for (header, text) in headers {
        visible(name, format!("the header `{header}`"), text)?;
        if !is_header(header) {
            return Err(ConfigError::BadName {
                name: name.clone(),
                part: format!("the header name `{header}`"),
            });
        }
        if OWN_HEADERS.contains(&header.to_ascii_lowercase().as_str()) {
            return Err(ConfigError::OwnHeader { name: name.clone(), header: header.clone() });
        }
    }
    Ok(())
}

/// By its literal: a name that resolves to loopback today may not tomorrow; `localhost` is reserved for it.
fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// A token of RFC 9110, section 5.6.2.
pub(super) fn is_header(name: &str) -> bool {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.bytes().all(token)
}

/// The upstreams of one home, as last read from its `upstreams.toml`.
#[derive(Debug)]
pub struct UpstreamBook {
    page: BookPage,
    rows: Vec<UpstreamConfig>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenBook {
    #[serde(default)]
    upstream: Vec<UpstreamConfig>,
}

impl UpstreamBook {
    /// Reads the book; an absent file is an empty book.
    ///
    /// # Errors
    /// [`BookError::File`] with line and column, or [`BookError::Twice`].
    pub fn load(page: impl Into<BookPage>) -> Result<UpstreamBook, BookError> {
        let page = page.into();
        let rows = read(&page)?;
        Ok(UpstreamBook { page, rows })
    }

    /// The book as a confirmed text has it; `path` is where changes of it go.
    ///
    /// # Errors
    /// As [`UpstreamBook::load`].
    pub(crate) fn parse(path: PathBuf, text: &str) -> Result<UpstreamBook, BookError> {
        let rows = parse(&path, text)?;
        Ok(UpstreamBook { page: path.into(), rows })
    }

    /// Reads the file again.
    ///
    /// # Errors
    /// As [`UpstreamBook::load`]; the book then stays as it was.
    pub fn reload(&mut self) -> Result<(), BookError> {
        self.rows = read(&self.page)?;
        Ok(())
    }

    /// Adds an upstream and writes the file.
    ///
    /// # Errors
    /// [`BookError::UpstreamExists`], or the file could not be read or written.
    pub fn add(&mut self, config: UpstreamConfig) -> Result<(), BookError> {
        self.reload()?;
        if self.get(config.name.as_str()).is_some() {
            return Err(BookError::UpstreamExists { name: config.name.into() });
        }
        let table = table(&config);
        edit(&self.page, "upstream", |upstreams| upstreams.push(table))?;
        self.reload()
    }

    /// Removes an upstream and writes the file.
    ///
    /// # Errors
    /// [`BookError::NoSuchUpstream`], or the file could not be read or written.
    pub fn remove(&mut self, name: &str) -> Result<(), BookError> {
        self.reload()?;
        if self.get(name).is_none() {
            return Err(BookError::NoSuchUpstream { name: name.to_owned() });
        }
        edit(&self.page, "upstream", |upstreams| upstreams.retain(|table| !is_named(table, name)))?;
        self.reload()
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&UpstreamConfig> {
        self.rows.iter().find(|row| row.name.as_str() == name)
    }

    #[must_use]
    pub fn list(&self) -> &[UpstreamConfig] {
        &self.rows
    }
}

fn table(config: &UpstreamConfig) -> toml_edit::Table {
    use toml_edit::{Array, InlineTable, Table, value};
    let mut table = Table::new();
    table.insert("name", value(config.name.as_str()));
    match &config.transport {
        Transport::Stdio { command, args, env, cwd } => {
            table.insert("command", value(command));
            if !args.is_empty() {
                table.insert("args", value(args.iter().collect::<Array>()));
            }
            if let Some(cwd) = cwd {
                table.insert("cwd", value(cwd.to_string_lossy().as_ref()));
            }
            if !env.is_empty() {
                table.insert("env", value(env.iter().collect::<InlineTable>()));
            }
        }
        Transport::Http { url, headers } => {
            table.insert("url", value(url));
            if !headers.is_empty() {
                table.insert("headers", value(headers.iter().collect::<InlineTable>()));
            }
        }
    }
    if config.strict_schema {
        table.insert("strict_schema", value(true));
    }
    if !config.secrets.is_empty() {
        table.insert("secrets", value(config.secrets.iter().map(SecretUse::to_toml).collect::<Array>()));
    }
    table
}

fn read(page: &BookPage) -> Result<Vec<UpstreamConfig>, BookError> {
    match page.read()? {
        Some(text) => parse(page.path(), &text),
        None => Ok(Vec::new()),
    }
}

fn parse(path: &Path, text: &str) -> Result<Vec<UpstreamConfig>, BookError> {
    let WrittenBook { upstream } =
        toml_edit::de::from_str(text).map_err(|error| FileError::toml(path, text, &error))?;
    let mut seen = BTreeSet::new();
    if let Some(twice) = upstream.iter().find(|config| !seen.insert(config.name.clone())) {
        return Err(BookError::Twice { name: twice.name.to_string(), path: path.to_owned() });
    }
    Ok(upstream)
}
