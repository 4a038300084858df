//! Homes as agents' documentation describes them: one file of settings each, with comments, odd order and odd spaces where
//! the format has room for them.

use agents::{Dirs, Door, Known, System, known};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// An agent's id, its file from the home folder, what the file holds, and the name of a server in it that can be moved.
pub(crate) const FILES: [(&str, &str, &str, &str); 8] = [
    (
        "claude-code",
        ".claude.json",
        "{\n  \"numStartups\": 41,\n  \"mcpServers\": {\n    \"github\": {\n      \"type\": \"stdio\",\n      \"command\": \"npx\",\n      \"args\": [\"-y\", \"server-github\"],\n      \"env\": { \"GITHUB_TOKEN\": \"ghp_123\" }\n    }\n  },\n  \"projects\": { \"/nowhere\": { \"mcpServers\": { \"local\": { \"command\": \"local-server\" } }, \"history\": [1, 2.50] } }\n}",
        "github",
    ),
    (
        "claude-desktop",
        ".config/Claude/claude_desktop_config.json",
        "{\"mcpServers\":{\"files\":{\"command\":\"npx\",\"args\":[\"-y\",\"server-filesystem\",\"/tmp\"]}},\"globalShortcut\":\"\"}\n",
        "files",
    ),
    (
        "codex",
        ".codex/config.toml",
        "# my settings\nmodel = \"gpt-5\"   # the fast one\n\n[mcp_servers.docs] # documentation\ncommand = \"docs-server\"\nargs = [\n  \"--stdio\", # lines\n]\nstartup_timeout_sec = 20\n\n[mcp_servers.docs.env]\nDOCS_API_KEY = 'k-1'\n\n# after\n[mcp_servers.far]\nurl = \"https://far.example/mcp\"\n\n[tui]\nnotifications = true\n",
        "docs",
    ),
    (
        "cursor",
        ".cursor/mcp.json",
        "{\n\t\"mcpServers\": {\n\t\t\"far\": { \"url\": \"https://far.example/mcp\", \"headers\": { \"X-Api-Key\": \"s\" } },\n\t\t\"near\": { \"command\": \"near-server\" }\n\t}\n}\n",
        "far",
    ),
    (
        "vs-code",
        ".config/Code/User/mcp.json",
        "{\n  // servers of mine\n  \"inputs\": [],\n  \"servers\": {\n    \"memory\": {\n      \"type\": \"stdio\",\n      // kept small\n      \"command\": \"npx\",\n      \"args\": [\"-y\", \"server-memory\",], /* odd */\n      \"dev\": { \"watch\": \"src/**\" },\n    },\n  },\n}\n",
        "memory",
    ),
    (
        "gemini",
        ".gemini/settings.json",
        "{\r\n  \"theme\": \"Default\",\r\n  \"mcpServers\": {\r\n    \"py\": {\r\n      \"command\": \"python\",\r\n      \"args\": [\"server.py\"],\r\n      \"timeout\": 15000,\r\n      \"trust\": false\r\n    }\r\n  }\r\n}\r\n",
        "py",
    ),
    (
        "zed",
        ".config/zed/settings.json",
        "// Zed settings\n{\n  \"theme\": \"One\",\n  \"context_servers\": {\n    \"old\": { \"command\": { \"path\": \"old-server\", \"args\": [], \"env\": { \"A\": \"b\" } } },\n    \"extension\": { \"settings\": {} }\n  },\n  \"vim_mode\": true,\n}\n",
        "old",
    ),
    (
        "windsurf",
        ".codeium/windsurf/mcp_config.json",
        "{\n    \"mcpServers\": {\n        \"remote\": {\n            \"serverUrl\": \"https://far.example/mcp\",\n            \"disabledTools\": [\"drop\"]\n        }\n    }\n}",
        "remote",
    ),
];

pub(crate) struct AHome {
    pub(crate) dir: tempfile::TempDir,
}

impl AHome {
    /// Every agent's file in its place.
    pub(crate) fn full() -> AHome {
        let home = AHome::empty();
        for (_, path, text, _) in FILES {
            home.write(path, text);
        }
        home
    }

    pub(crate) fn empty() -> AHome {
        AHome { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().join(relative)
    }

    pub(crate) fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn dirs(&self) -> Dirs {
        let home = self.dir.path().to_owned();
        Dirs { system: System::Linux, config: home.join(".config"), home, variables: BTreeMap::new() }
    }
}

pub(crate) fn door() -> Door {
    Door {
        listen: "127.0.0.1:7717".parse().unwrap(),
        program: "/opt/doorward/doorward".to_owned(),
        before: vec!["--home".to_owned(), "/h".to_owned()],
    }
}

pub(crate) fn agent(id: &str) -> &'static Known {
    known(id).unwrap()
}

pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}
