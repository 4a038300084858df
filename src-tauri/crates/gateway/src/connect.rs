//! Ready-made text that connects an agent: shown once with its token.

use crate::home::UpstreamConfig;
use std::net::SocketAddr;

/// Text to paste, for one agent program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectHelp {
    pub title: &'static str,
    pub text: String,
}

/// Where an agent reaches one upstream.
#[must_use]
pub fn address(listen: SocketAddr, upstream: &str) -> String {
    format!("http://{listen}/mcp/{upstream}")
}

/// For every agent program we know, all upstreams at once. Names and addresses hold no character that a shell,
/// TOML or JSON would read otherwise.
#[must_use]
pub fn help(listen: SocketAddr, upstreams: &[UpstreamConfig], token: &str) -> Vec<ConnectHelp> {
    let each = |line: &dyn Fn(&str, String) -> String, between: &str| {
        let lines: Vec<String> =
            upstreams.iter().map(|u| line(u.name.as_str(), address(listen, u.name.as_str()))).collect();
        lines.join(between)
    };
    let claude = |name: &str, url: String| {
        format!("claude mcp add --transport http {name} {url} --header \"Authorization: Bearer {token}\"")
    };
    let codex = |name: &str, url: String| {
        format!(
            "[mcp_servers.{name}]\nurl = \"{url}\"\nhttp_headers = {{ Authorization = \"Bearer {token}\" }}"
        )
    };
    let json = |name: &str, url: String, kind: &str| {
        format!(
            "    \"{name}\": {{ {kind}\"url\": \"{url}\", \"headers\": {{ \"Authorization\": \"Bearer {token}\" }} }}"
        )
    };
    let document = |key: &str, kind: &'static str| {
        format!("{{\n  \"{key}\": {{\n{}\n  }}\n}}", each(&|name, url| json(name, url, kind), ",\n"))
    };
    vec![
        ConnectHelp { title: "Claude Code: run in your project", text: each(&claude, "\n") },
        ConnectHelp { title: "Codex: add to ~/.codex/config.toml", text: each(&codex, "\n\n") },
        ConnectHelp { title: "Cursor: add to ~/.cursor/mcp.json", text: document("mcpServers", "") },
        ConnectHelp {
            title: "VS Code: add to .vscode/mcp.json",
            text: document("servers", "\"type\": \"http\", "),
        },
        ConnectHelp {
            title: "Gemini CLI: add to ~/.gemini/settings.json",
            text: document("mcpServers", "\"type\": \"http\", "),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::Transport;

    #[test]
    fn every_text_names_every_upstream_and_the_json_ones_parse() {
        let config = |name: &str| {
            let transport =
                Transport::Http { url: "http://127.0.0.1:1/mcp".to_owned(), headers: Default::default() };
            UpstreamConfig::new(name.parse().unwrap(), transport, false).unwrap()
        };
        let all = help("127.0.0.1:7717".parse().unwrap(), &[config("files"), config("crm")], "dw_x");
        for text in &all {
            assert!(text.text.contains("http://127.0.0.1:7717/mcp/files"), "{}", text.title);
            assert!(text.text.contains("http://127.0.0.1:7717/mcp/crm"), "{}", text.title);
            assert!(text.text.contains("Bearer dw_x"), "{}", text.title);
            if text.text.starts_with('{') {
                serde_json::from_str::<serde_json::Value>(&text.text).unwrap();
            }
        }
    }
}
