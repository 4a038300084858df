//! A server of an agent's file as an upstream has it: how it is reached, what of it looks secret, and what name it may have.

use crate::home::{SecretPlace, SecretUse, Transport, UpstreamConfig};
use agents::{Reach, Server};
use std::collections::BTreeMap;

pub(super) fn why_it_stays(server: &Server) -> Option<String> {
    match &server.reach {
        Reach::Unclear { why } => Some(why.clone()),
        reach => why_not_taken(reach),
    }
}

/// Why no upstream can be made of it, where that is so.
pub(super) fn why_not_taken(reach: &Reach) -> Option<String> {
    let (transport, secrets) = parts(reach, true)?;
    let uses = secrets.into_iter().map(|(used, _)| used).collect();
    let name = "x".parse().ok()?;
    let config = UpstreamConfig::new(name, transport, false).and_then(|config| config.with_secrets(uses));
    let error = config.err()?.to_string();
    Some(format!("is not taken: {}", error.trim_start_matches("upstream `x`: ")))
}

/// The exact command or address.
pub(super) fn shown(reach: &Reach) -> String {
    match reach {
        Reach::Command { command, args, .. } => std::iter::once(command)
            .chain(args)
            .map(|word| crate::home::quoted(word))
            .collect::<Vec<_>>()
            .join(" "),
        Reach::Address { url, .. } => url.clone(),
        Reach::Unclear { .. } => String::new(),
    }
}

pub(super) fn secret_names(reach: &Reach) -> Vec<String> {
    let secrets = parts(reach, true).map(|(_, secrets)| secrets).unwrap_or_default();
    let name = |used: SecretUse| match used.place {
        SecretPlace::Variable(variable) => variable,
        SecretPlace::Header { header, .. } => header,
    };
    secrets.into_iter().map(|(used, _)| name(used)).collect()
}

/// As an upstream has it: what looks secret apart from the rest, where it is to be kept.
pub(super) fn parts(reach: &Reach, keep_secrets: bool) -> Option<(Transport, Vec<(SecretUse, String)>)> {
    let mut secrets = Vec::new();
    let mut take = |name: &str, value: &str, place: SecretPlace| {
        let is_secret = keep_secrets && !value.is_empty() && journal::is_secret_name(name);
        let used = is_secret.then(|| SecretUse::new(secret_name(name), place, false).ok()).flatten();
        let is_kept = used.is_some();
        secrets.extend(used.map(|used| (used, value.to_owned())));
        !is_kept
    };
    let transport = match reach {
        Reach::Command { command, args, env, cwd } => {
            let env =
                env.iter().filter(|(name, value)| take(name, value, SecretPlace::Variable((*name).clone())));
            let env: BTreeMap<String, String> =
                env.map(|(name, value)| (name.clone(), value.clone())).collect();
            Transport::Stdio { command: command.clone(), args: args.clone(), env, cwd: cwd.clone() }
        }
        Reach::Address { url, headers } => {
            let mut plain = BTreeMap::new();
            for (header, text) in headers {
                let (prefix, value) = match text.split_once(' ') {
                    Some((scheme, value)) if header.eq_ignore_ascii_case("authorization") => {
                        (format!("{scheme} "), value)
                    }
                    _ => (String::new(), text.as_str()),
                };
                if take(header, value, SecretPlace::Header { header: header.clone(), prefix }) {
                    plain.insert(header.clone(), text.clone());
                }
            }
            Transport::Http { url: url.clone(), headers: plain }
        }
        Reach::Unclear { .. } => return None,
    };
    Some((transport, secrets))
}

fn secret_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
    name.chars().map(plain).take(64).collect()
}

/// As an upstream may be called.
pub(super) fn slug(name: &str) -> Option<String> {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') => c,
        _ => '-',
    };
    let slug: String = name.chars().map(plain).take(56).collect();
    let slug = slug.trim_start_matches(['.', '_', '-']);
    (!slug.is_empty()).then(|| slug.to_owned())
}
