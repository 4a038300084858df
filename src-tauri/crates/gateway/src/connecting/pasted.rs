//! Servers as a README shows them: a whole file of some agent, a part of one, or one server alone.

use super::parts::{parts, slug};
use crate::{
    home::{SecretUse, UpstreamConfig},
    keychain::Secret,
};
use agents::{Reach, Server};

/// What one pasted server comes to.
#[derive(Debug)]
pub struct Pasted {
    pub name: String,
    /// The upstream and its values for the keychain, or why it is not taken.
    pub upstream: Result<(UpstreamConfig, Vec<(String, Secret)>), String>,
}

/// Every server of the text; none where it has none.
#[must_use]
pub fn pasted(text: &str, keep_secrets: bool) -> Vec<Pasted> {
    let text = text.trim().trim_end_matches(',');
    let wrapped = [
        text.to_owned(),
        format!("{{{text}}}"),
        format!("{{\"mcpServers\": {text}}}"),
        format!("{{\"mcpServers\": {{{text}}}}}"),
        format!("{{\"mcpServers\": {{\"\": {text}}}}}"),
    ];
    let readers =
        ["claude-code", "vs-code", "zed", "windsurf", "codex"].iter().filter_map(|id| agents::known(id));
    let readers: Vec<_> = readers.collect();
    let read = |text: &String| {
        let servers = readers.iter().filter_map(|known| agents::servers(known, text).ok());
        servers.max_by_key(|servers| servers.iter().filter(|server| is_clear(server)).count())
    };
    let servers = wrapped.iter().filter_map(read).find(|servers| servers.iter().any(is_clear));
    servers.unwrap_or_default().iter().map(|server| one(server, keep_secrets)).collect()
}

fn is_clear(server: &Server) -> bool {
    !matches!(&server.reach, Reach::Unclear { why } if why.starts_with("has neither") || why.contains("as a table"))
}

fn one(server: &Server, keep_secrets: bool) -> Pasted {
    let name = if server.name.is_empty() { name_of(&server.reach) } else { server.name.clone() };
    let upstream = upstream(&name, &server.reach, keep_secrets);
    Pasted { name, upstream }
}

fn upstream(
    name: &str,
    reach: &Reach,
    keep_secrets: bool,
) -> Result<(UpstreamConfig, Vec<(String, Secret)>), String> {
    if let Reach::Unclear { why } = reach {
        return Err(why.clone());
    }
    let name = slug(name).and_then(|name| name.parse().ok()).ok_or("has no name an upstream could have")?;
    let (transport, secrets) = parts(reach, keep_secrets).ok_or("cannot be read")?;
    let uses: Vec<SecretUse> = secrets.iter().map(|(used, _)| used.clone()).collect();
    let config = UpstreamConfig::new(name, transport, false).and_then(|config| config.with_secrets(uses));
    let config = config.map_err(|error| error.to_string())?;
    let values = secrets.into_iter().map(|(used, value)| (used.name, Secret::new(value.into_bytes())));
    Ok((config, values.collect()))
}

/// Of a server alone: the package it runs, or the host it is reached at.
fn name_of(reach: &Reach) -> String {
    let last = |text: &str| {
        let text = text.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        text.split('@').next().unwrap_or_default().to_owned()
    };
    match reach {
        Reach::Command { command, args, .. } => {
            let package = args.iter().find(|arg| !arg.starts_with('-') && *arg != "run");
            last(package.unwrap_or(command))
        }
        Reach::Address { url, .. } => {
            let host = url.split("://").nth(1).unwrap_or_default();
            host.split(['/', ':']).next().unwrap_or_default().to_owned()
        }
        Reach::Unclear { .. } => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        pasted(text, true)
            .into_iter()
            .map(|pasted| match pasted.upstream {
                Ok((config, secrets)) => {
                    let secrets: Vec<String> = secrets.into_iter().map(|(name, _)| name).collect();
                    format!("{}: {} [{}]", config.name, config.shown(), secrets.join(" "))
                }
                Err(why) => format!("{}: not, {why}", pasted.name),
            })
            .collect()
    }

    #[test]
    fn what_readmes_show_is_read_whole_in_part_and_alone() {
        let expected = ["github: npx -y @modelcontextprotocol/server-github [GITHUB_TOKEN]"];
        let server = r#"{ "command": "npx", "args": ["-y", "@modelcontextprotocol/server-github"], "env": { "GITHUB_TOKEN": "x" } }"#;
        assert_eq!(shown(&format!(r#"{{ "mcpServers": {{ "github": {server} }} }}"#)), expected);
        assert_eq!(shown(&format!(r#"{{ "servers": {{ "github": {server}, }} }}"#)), expected);
        assert_eq!(shown(&format!(r#""mcpServers": {{ "github": {server} }}"#)), expected);
        assert_eq!(shown(&format!(r#"{{ "github": {server} }}"#)), expected);
        assert_eq!(shown(&format!(r#""github": {server},"#)), expected);
        assert_eq!(
            shown(server),
            ["server-github: npx -y @modelcontextprotocol/server-github [GITHUB_TOKEN]"]
        );
        assert_eq!(
            shown(
                "[mcp_servers.Docs]\nurl = \"https://docs.example/mcp\"\nhttp_headers = { Authorization = \"Bearer t\" }"
            ),
            ["docs: https://docs.example/mcp [Authorization]"]
        );
    }

    #[test]
    fn what_is_no_server_comes_to_nothing_and_what_cannot_be_taken_says_why() {
        assert!(shown("hello").is_empty());
        assert!(shown("{}").is_empty());
        assert!(shown(r#"{"a": 1}"#).is_empty());
        let plain = shown(r#"{"mcpServers": {"far": {"url": "http://far.example/mcp"}}}"#);
        assert!(plain[0].contains("plain http to another machine"), "{plain:?}");
        let variable = shown(r#"{"mcpServers": {"x": {"command": "x", "args": ["${input:key}"]}}}"#);
        assert!(variable[0].contains("only the agent fills in"), "{variable:?}");
    }
}
