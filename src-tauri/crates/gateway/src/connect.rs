//! Ready-made text that connects an agent: shown once with its token.

use crate::home::{Home, UpstreamConfig, doorward_program};
use policy::AgentName;
use std::{env, net::SocketAddr, path::Path};

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

/// An agent that was just paired, and what there is for it.
#[derive(Debug)]
pub struct Newcomer<'a> {
    pub listen: SocketAddr,
    pub upstreams: &'a [UpstreamConfig],
    pub agent: &'a AgentName,
    pub token: &'a str,
    pub shim: Shim,
}

/// How an agent that only starts commands reaches us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shim {
    program: String,
    /// None: the one that `doorward` finds by itself, also in the bare environment that such agents give.
    home: Option<String>,
}

impl Shim {
    /// The `doorward` beside the running program: these agents often know no search path.
    #[must_use]
    pub fn of(home: &Path) -> Shim {
        let program = doorward_program().unwrap_or_else(|| "doorward".into());
        let moved = ["DOORWARD_HOME", "XDG_DATA_HOME"].iter().any(|name| env::var_os(name).is_some());
        let is_usual = !moved && home == Home::default_dir();
        Shim {
            program: program.to_string_lossy().into_owned(),
            home: (!is_usual).then(|| home.to_string_lossy().into_owned()),
        }
    }

    /// The way in that agents' files name.
    #[must_use]
    pub fn door(&self, listen: SocketAddr) -> agents::Door {
        let before = self.home.iter().flat_map(|home| ["--home".to_owned(), home.clone()]).collect();
        agents::Door { listen, program: self.program.clone(), before }
    }

    /// One server of an agent's configuration, as JSON.
    fn server(&self, upstream: &str, agent: &AgentName) -> String {
        let home = self.home.iter().flat_map(|home| ["--home", home]);
        let args: Vec<&str> = home.chain(["connect", upstream, "--agent", agent.as_str()]).collect();
        // Texts and lists of texts: written they cannot fail.
        let json = |value: serde_json::Value| value.to_string();
        format!("{{ \"command\": {}, \"args\": {} }}", json(self.program.as_str().into()), json(args.into()))
    }
}

/// For every agent program we know, all upstreams at once. Names and addresses hold no character that a shell,
/// TOML or JSON would read otherwise.
#[must_use]
pub fn help(newcomer: &Newcomer<'_>) -> Vec<ConnectHelp> {
    let Newcomer { listen, upstreams, agent, token, shim } = newcomer;
    let each = |line: &dyn Fn(&str, String) -> String, between: &str| {
        let lines: Vec<String> =
            upstreams.iter().map(|u| line(u.name.as_str(), address(*listen, u.name.as_str()))).collect();
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
    let http = |name: &str, url: String, kind: &str| {
        format!(
            "    \"{name}\": {{ {kind}\"url\": \"{url}\", \"headers\": {{ \"Authorization\": \"Bearer {token}\" }} }}"
        )
    };
    let document = |key: &str, line: &dyn Fn(&str, String) -> String| {
        format!("{{\n  \"{key}\": {{\n{}\n  }}\n}}", each(line, ",\n"))
    };
    let plain = |name: &str, url: String| http(name, url, "");
    let typed = |name: &str, url: String| http(name, url, "\"type\": \"http\", ");
    let stdio = |name: &str, _: String| format!("    \"{name}\": {}", shim.server(name, agent));
    vec![
        ConnectHelp { title: "Claude Code: run in your project", text: each(&claude, "\n") },
        ConnectHelp { title: "Codex: add to ~/.codex/config.toml", text: each(&codex, "\n\n") },
        ConnectHelp { title: "Cursor: add to ~/.cursor/mcp.json", text: document("mcpServers", &plain) },
        ConnectHelp { title: "VS Code: add to .vscode/mcp.json", text: document("servers", &typed) },
        ConnectHelp {
            title: "Gemini CLI: add to ~/.gemini/settings.json",
            text: document("mcpServers", &typed),
        },
        ConnectHelp {
            title: "Claude Desktop: add to claude_desktop_config.json; it needs no token",
            text: document("mcpServers", &stdio),
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
        let shim = Shim { program: "/opt/a \"b\"/doorward".to_owned(), home: Some("/h \\".to_owned()) };
        let upstreams = [config("files"), config("crm")];
        let all = help(&Newcomer {
            listen: "127.0.0.1:7717".parse().unwrap(),
            upstreams: &upstreams,
            agent: &"claude".parse().unwrap(),
            token: "dw_x",
            shim: shim.clone(),
        });
        for text in &all {
            if text.text.starts_with('{') {
                serde_json::from_str::<serde_json::Value>(&text.text).unwrap();
            }
            if text.title.starts_with("Claude Desktop") {
                continue;
            }
            assert!(text.text.contains("http://127.0.0.1:7717/mcp/files"), "{}", text.title);
            assert!(text.text.contains("http://127.0.0.1:7717/mcp/crm"), "{}", text.title);
            assert!(text.text.contains("Bearer dw_x"), "{}", text.title);
        }
        let desktop = all.iter().find(|help| help.title.starts_with("Claude Desktop")).unwrap();
        assert!(!desktop.text.contains("dw_x"), "no token in a file that needs none");
        let servers = &serde_json::from_str::<serde_json::Value>(&desktop.text).unwrap()["mcpServers"];
        for name in ["files", "crm"] {
            let args = ["--home", "/h \\", "connect", name, "--agent", "claude"];
            assert_eq!(servers[name], serde_json::json!({ "command": shim.program, "args": args }));
        }
    }

    #[test]
    fn a_home_is_named_unless_it_is_found_without() {
        assert_eq!(Shim::of(Path::new("/elsewhere")).home.as_deref(), Some("/elsewhere"));
        let is_moved = ["DOORWARD_HOME", "XDG_DATA_HOME"].iter().any(|name| env::var_os(name).is_some());
        assert_eq!(Shim::of(&Home::default_dir()).home.is_some(), is_moved);
    }
}
