//! What differs between two entries of a book, in words for the page that asks for a passkey: whoever signs must see
//! every program, variable, header and secret that was not there before. Values of variables and headers are shown, as
//! secrets are not among them.

use crate::home::{AgentRow, SecretPlace, SecretUse, Transport, UpstreamConfig, quoted};
use std::collections::BTreeMap;

/// For whom an agent acts, and which programs may.
pub(super) fn new_agent(now: &AgentRow) -> String {
    let programs = now.programs.iter().map(|program| format!("{} may call as it", quoted(program)));
    std::iter::once(format!("acts for `{}`", now.user)).chain(programs).collect::<Vec<_>>().join("; ")
}

/// How an agent is not as it was.
pub(super) fn agent(known: &AgentRow, now: &AgentRow) -> String {
    let mut parts = Vec::new();
    if known.user != now.user {
        parts.push(format!("it acts for `{}` instead of `{}`", now.user, known.user));
    }
    let new = now.programs.iter().filter(|program| !known.programs.contains(program));
    parts.extend(new.map(|program| format!("{} may call as it", quoted(program))));
    let gone = known.programs.iter().filter(|program| !now.programs.contains(program));
    parts.extend(gone.map(|program| format!("{} may no longer call as it", quoted(program))));
    if !now.has_token_of(known) {
        parts.push(if now.has_token() { "its token is another" } else { "it has no token" }.to_owned());
    }
    if parts.is_empty() {
        parts.push("when it was added".to_owned());
    }
    parts.join("; ")
}

/// What an upstream reaches and is given.
pub(super) fn new_upstream(now: &UpstreamConfig) -> String {
    let secrets = now.secrets.iter().map(secret);
    std::iter::once(now.shown()).chain(given(now)).chain(secrets).collect::<Vec<_>>().join("; ")
}

/// How an upstream is not as it was.
pub(super) fn upstream(known: &UpstreamConfig, now: &UpstreamConfig) -> String {
    let mut parts = Vec::new();
    if known.shown() != now.shown() {
        parts.push(format!("{} instead of {}", now.shown(), known.shown()));
    }
    let (was, is) = (given(known), given(now));
    parts.extend(is.iter().filter(|part| !was.contains(part)).cloned());
    parts.extend(was.iter().filter(|part| !is.contains(part)).map(|part| format!("no longer: {part}")));
    let new = now.secrets.iter().filter(|used| !known.secrets.contains(used));
    parts.extend(new.map(secret));
    let gone = known.secrets.iter().filter(|used| !now.secrets.contains(used));
    parts.extend(gone.map(|used| format!("no longer: {}", secret(used))));
    parts.join("; ")
}

/// Everything beside what it reaches and its secrets.
fn given(config: &UpstreamConfig) -> Vec<String> {
    let pairs = |what: &str, pairs: &BTreeMap<String, String>| -> Vec<String> {
        pairs.iter().map(|(name, value)| format!("{what} {name} is {}", quoted(value))).collect()
    };
    let mut parts = match &config.transport {
        Transport::Stdio { env, cwd, .. } => {
            let mut parts = pairs("the variable", env);
            parts.extend(cwd.iter().map(|cwd| format!("in the folder {}", quoted(&cwd.to_string_lossy()))));
            parts
        }
        Transport::Http { headers, .. } => pairs("the header", headers),
    };
    if config.strict_schema {
        parts.push("arguments that do not fit are refused".to_owned());
    }
    parts
}

fn secret(used: &SecretUse) -> String {
    let place = match &used.place {
        SecretPlace::Variable(name) => format!("the variable {name}"),
        SecretPlace::Header { header, .. } => format!("the header {header}"),
    };
    let when = if used.step_up { "after a step-up" } else { "always" };
    format!("the secret {} goes into {place}, {when}", used.name)
}
