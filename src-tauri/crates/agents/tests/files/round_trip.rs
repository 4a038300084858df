//! Every agent's file: read, a server moved behind the door, and undone; and the files that make trouble.

use crate::homes::{AHome, FILES, agent, door, read};
use agents::{
    Changed, DiskError, EditError, FileState, KNOWN, Keep, KeepError, Known, Moved, Put, Reach, Record,
    Scope, Undone, Way, apply, look, put_back, read as read_text, servers, take_out, write,
};
use std::{fs, path::Path};

/// As connecting does it: the record first, then the file.
fn connect(home: &AHome, keep: &Keep, known: &Known, path: &Path, names: &[&str]) -> String {
    let before = read_text(path).unwrap();
    let text = before.clone().unwrap_or_default();
    let all = servers(known, &text).unwrap();
    let table_of = |name: &str| {
        let found = all.iter().find(|server| server.name == name);
        found.map_or_else(
            || known.tables[0].iter().map(|key| (*key).to_owned()).collect(),
            |s| s.table.clone(),
        )
    };
    let way =
        if known.url.is_empty() { Way::Command { agent: known.id } } else { Way::Address { token: "dw_t" } };
    let puts: Vec<Put> = names
        .iter()
        .map(|name| Put {
            table: table_of(name),
            name: (*name).to_owned(),
            keys: door().entry(known, name, way),
        })
        .collect();
    let after = apply(known, &text, &puts).unwrap();
    let moved =
        |put: &Put| Moved { table: put.table.clone(), name: put.name.clone(), upstream: put.name.clone() };
    let record = Record {
        agent: known.id.to_owned(),
        paired: false,
        at: 0,
        files: vec![Changed {
            path: path.to_owned(),
            before: before.as_deref().map(|text| keep.back_up(text).unwrap()),
            after: keep.back_up(&after).unwrap(),
            servers: puts.iter().map(moved).collect(),
        }],
        left: Vec::new(),
    };
    keep.remember(known.id, record).unwrap();
    write(path, before.as_deref(), Some(&after)).unwrap();
    assert!(home.dir.path().exists());
    after
}

#[test]
fn every_agent_of_the_registry_has_a_home_here() {
    let ids: Vec<&str> = FILES.iter().map(|(id, ..)| *id).collect();
    assert_eq!(ids, KNOWN.iter().map(|known| known.id).collect::<Vec<_>>());
}

#[test]
fn every_agent_is_found_with_its_servers_and_where_they_lead() {
    let home = AHome::full();
    let seen = look(&home.dirs(), &[]);
    assert_eq!(seen.len(), KNOWN.len());
    for (found, (id, path, text, server)) in seen.iter().zip(FILES) {
        assert_eq!(found.known.id, id);
        assert!(found.is_installed, "{id}");
        let file = found.files.iter().find(|file| file.scope == Scope::User).unwrap();
        assert_eq!(file.path, home.path(path));
        let FileState::Read { text: read, servers } = &file.state else { panic!("{id}: {:?}", file.state) };
        assert_eq!(read, text);
        let named = servers.iter().find(|named| named.name == server).unwrap();
        assert!(!matches!(named.reach, Reach::Unclear { .. }), "{id}: {:?}", named.reach);
        assert_eq!(door().behind(&named.reach), None, "{id}");
    }
}

#[test]
fn nothing_is_found_in_an_empty_home() {
    let home = AHome::empty();
    for found in look(&home.dirs(), &[]) {
        assert!(!found.is_installed, "{}", found.known.id);
        assert!(found.files.iter().all(|file| file.state == FileState::Absent));
    }
}

#[test]
fn a_server_goes_behind_the_door_and_back_byte_for_byte_in_every_agent() {
    for (id, path, text, server) in FILES {
        let home = AHome::full();
        let (known, path) = (agent(id), home.path(path));
        let keep = Keep::of(&home.path("doorward"));
        let after = connect(&home, &keep, known, &path, &[server]);
        let all = servers(known, &after).unwrap();
        let now = all.iter().find(|now| now.name == server).unwrap();
        assert_eq!(door().behind(&now.reach).as_deref(), Some(server), "{id}: {after}");
        for other in servers(known, text).unwrap().iter().filter(|other| other.name != server) {
            assert!(all.contains(other), "{id}: another server was changed");
        }
        let undone = keep.undo(id, &door()).unwrap();
        assert_eq!(undone[0].how, Undone::Exactly, "{id}");
        assert_eq!(read(&path), text, "{id}: not the bytes that were there");
        assert!(matches!(keep.undo(id, &door()), Err(KeepError::Nothing { .. })));
    }
}

#[test]
fn comments_order_and_every_key_that_is_the_agents_own_stay() {
    let change = |id: &str, server: &str| {
        let (_, _, text, _) = FILES.iter().find(|(known, ..)| *known == id).unwrap();
        let put = Put {
            table: agent(id).tables[0].iter().map(|key| (*key).to_owned()).collect(),
            name: server.to_owned(),
            keys: door().entry(agent(id), server, Way::Address { token: "dw_t" }),
        };
        apply(agent(id), text, &[put]).unwrap()
    };
    assert_eq!(
        change("codex", "docs"),
        "# my settings\nmodel = \"gpt-5\"   # the fast one\n\n[mcp_servers.docs] # documentation\nstartup_timeout_sec = 20\nurl = \"http://127.0.0.1:7717/mcp/docs\"\nhttp_headers = { Authorization = \"Bearer dw_t\" }\n\n# after\n[mcp_servers.far]\nurl = \"https://far.example/mcp\"\n\n[tui]\nnotifications = true\n"
    );
    let gemini = change("gemini", "py");
    assert!(gemini.contains("\"timeout\": 15000,\r\n      \"trust\": false\r\n"), "{gemini}");
    assert_eq!(gemini.matches('\n').count(), gemini.matches("\r\n").count(), "{gemini}");
    let code = change("vs-code", "memory");
    assert!(code.starts_with("{\n  // servers of mine\n  \"inputs\": [],\n"), "{code}");
    assert!(code.contains("\"dev\": { \"watch\": \"src/**\" },"), "{code}");
    assert!(change("windsurf", "remote").contains("\"disabledTools\": [\"drop\"]"));
}

#[test]
fn a_file_that_was_not_there_is_made_and_taken_away_again() {
    for (id, path, ..) in FILES {
        let home = AHome::empty();
        let (known, path) = (agent(id), home.path(path));
        let keep = Keep::of(&home.path("doorward"));
        let after = connect(&home, &keep, known, &path, &["practice"]);
        let all = servers(known, &after).unwrap();
        assert_eq!(door().behind(&all[0].reach).as_deref(), Some("practice"), "{id}: {after}");
        assert_eq!(keep.undo(id, &door()).unwrap()[0].how, Undone::Exactly);
        assert!(!path.exists(), "{id}");
    }
}

#[test]
fn a_file_edited_since_keeps_the_edit_and_loses_only_what_was_ours() {
    for (id, path, text, server) in FILES {
        let home = AHome::full();
        let (known, path) = (agent(id), home.path(path));
        let keep = Keep::of(&home.path("doorward"));
        connect(&home, &keep, known, &path, &[server]);
        let table = servers(known, text).unwrap().into_iter().find(|s| s.name == server).unwrap().table;
        let mine = Put {
            table,
            name: "mine".to_owned(),
            keys: vec![("command".to_owned(), serde_json::json!("my-server"))],
        };
        let edited = apply(known, &read(&path), std::slice::from_ref(&mine)).unwrap();
        fs::write(&path, &edited).unwrap();
        assert_eq!(keep.undo(id, &door()).unwrap()[0].how, Undone::OnlyOurs, "{id}");
        let (now, was) = (servers(known, &read(&path)).unwrap(), servers(known, text).unwrap());
        assert!(was.iter().all(|server| now.contains(server)), "{id}: {}", read(&path));
        assert!(now.iter().any(|server| server.name == "mine"), "{id}");
        assert_eq!(now.len(), was.len() + 1, "{id}");
    }
}

#[test]
fn two_connections_of_one_agent_are_undone_together() {
    let home = AHome::full();
    let (id, path, text, _) = FILES[3];
    let path = home.path(path);
    let keep = Keep::of(&home.path("doorward"));
    connect(&home, &keep, agent(id), &path, &["far"]);
    connect(&home, &keep, agent(id), &path, &["near"]);
    assert_eq!(keep.undo(id, &door()).unwrap()[0].how, Undone::Exactly);
    assert_eq!(read(&path), text);
}

#[test]
fn a_record_whose_file_was_never_written_undoes_nothing() {
    let home = AHome::full();
    let (id, path, text, server) = FILES[3];
    let path = home.path(path);
    let keep = Keep::of(&home.path("doorward"));
    connect(&home, &keep, agent(id), &path, &[server]);
    fs::write(&path, text).unwrap();
    assert_eq!(keep.undo(id, &door()).unwrap()[0].how, Undone::NothingLeft);
    assert_eq!(read(&path), text);
}

#[test]
fn an_edit_between_looking_and_writing_is_kept_and_told() {
    let home = AHome::full();
    let path = home.path(".cursor/mcp.json");
    let seen = read(&path);
    fs::write(&path, "{} // mine").unwrap();
    let error = write(&path, Some(&seen), Some("{}")).unwrap_err();
    assert!(matches!(error, DiskError::Changed { .. }), "{error}");
    assert_eq!(read(&path), "{} // mine");
    let absent = home.path(".cursor/new.json");
    fs::write(&absent, "{}").unwrap();
    assert!(matches!(write(&absent, None, Some("x")), Err(DiskError::Changed { .. })));
    assert_eq!(fs::read_dir(home.path(".cursor")).unwrap().count(), 2, "nothing half-written is left");
}

#[cfg(unix)]
#[test]
fn the_mode_and_a_symlink_stay_and_what_is_read_only_is_left_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = AHome::full();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let real = home.path("dotfiles/mcp.json");
    fs::create_dir_all(real.parent().unwrap()).unwrap();
    let link = home.path(".cursor/mcp.json");
    fs::rename(&link, &real).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("../dotfiles/mcp.json", &link).unwrap();
    let keep = Keep::of(&home.path("doorward"));
    connect(&home, &keep, agent("cursor"), &link, &["far"]);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(read(&real).contains("127.0.0.1:7717"));
    assert_eq!(mode(&real), 0o640);
    keep.undo("cursor", &door()).unwrap();
    assert_eq!(read(&real), FILES[3].2);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());

    fs::set_permissions(&real, fs::Permissions::from_mode(0o440)).unwrap();
    let seen = read(&real);
    assert!(matches!(write(&link, Some(&seen), Some("{}")), Err(DiskError::ReadOnly { .. })));
    assert_eq!((read(&real), mode(&real)), (seen, 0o440));

    let twin = home.path(".gemini/twin.json");
    fs::hard_link(home.path(".gemini/settings.json"), &twin).unwrap();
    let seen = read(&twin);
    assert!(matches!(write(&twin, Some(&seen), Some("{}")), Err(DiskError::HardLinked { .. })));
    assert_eq!(mode(&home.path("doorward/connected")), 0o700, "backups hold what the files held");
}

#[test]
fn a_malformed_huge_or_binary_file_is_told_and_left_alone() {
    let home = AHome::full();
    let path = home.path(".cursor/mcp.json");
    let why = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let seen = look(&home.dirs(), &[]);
        let file = &seen.iter().find(|seen| seen.known.id == "cursor").unwrap().files[0];
        let FileState::Broken { why } = &file.state else { panic!("{:?}", file.state) };
        assert_eq!(fs::read(&path).unwrap(), bytes);
        why.clone()
    };
    assert!(why(b"{ \"mcpServers\": { ").contains("cannot be read"));
    assert!(why(b"[1]").contains("not a table"));
    assert!(why(b"\xff\xfe{}").contains("UTF-8"));
    assert!(why(&"[".repeat(100_000).into_bytes()).contains("cannot be read"));
    assert!(why(&vec![b' '; 33 * 1024 * 1024]).contains("larger than 32 MB"));
    let twice = "{ \"mcpServers\": { \"a\": { \"command\": \"x\" }, \"a\": { \"command\": \"y\" } } }";
    let put = Put { table: vec!["mcpServers".to_owned()], name: "a".to_owned(), keys: Vec::new() };
    assert_eq!(apply(agent("cursor"), twice, &[put]), Err(EditError::Twice("a".to_owned())));
}

#[test]
fn a_large_file_with_a_mark_in_front_is_changed_in_one_place_only() {
    let filler: String = (0..40_000).map(|n| format!("    \"key{n}\": \"{}\",\n", "x".repeat(40))).collect();
    let text = format!(
        "\u{feff}{{\n  \"projects\": {{\n{filler}    \"z\": 0\n  }},\n  \"mcpServers\": {{ \"a\": {{ \"command\": \"x\" }} }}\n}}\n"
    );
    let known = agent("claude-code");
    let keys = door().entry(known, "a", Way::Address { token: "dw_t" });
    let put = Put { table: vec!["mcpServers".to_owned()], name: "a".to_owned(), keys };
    let after = apply(known, &text, &[put]).unwrap();
    let end = text.find("{ \"command\"").unwrap();
    assert_eq!(after[..end], text[..end]);
    assert!(after.ends_with(" }\n}\n"));
    assert_eq!(put_back(known, &after, &text, &["mcpServers".to_owned()], "a").unwrap(), text);
    assert!(!take_out(known, &after, &["mcpServers".to_owned()], "a").unwrap().contains("127.0.0.1"));
}

#[test]
fn only_what_the_agent_alone_can_do_keeps_a_server_where_it_is() {
    let why = |id: &str, entry: &str| {
        let known = agent(id);
        let text = match known.format {
            agents::Format::Toml => format!("[mcp_servers.a]\n{entry}"),
            agents::Format::Json => format!("{{\"{}\": {{\"a\": {entry}}}}}", known.tables[0][0]),
        };
        match &servers(known, &text).unwrap()[0].reach {
            Reach::Unclear { why } => why.clone(),
            other => format!("{other:?}"),
        }
    };
    for (id, entry, expected) in [
        ("claude-code", r#"{"type": "sse", "url": "https://a.example"}"#, "older transport"),
        ("claude-code", r#"{"command": "x", "env": {"K": "${K}"}}"#, "only the agent fills in"),
        ("vs-code", r#"{"command": "x", "args": ["${input:key}"]}"#, "only the agent fills in"),
        ("vs-code", r#"{"command": "x", "envFile": ".env"}"#, "file that the agent reads"),
        ("gemini", r#"{"command": "x", "env": {"K": "$K"}}"#, "only the agent fills in"),
        ("gemini", r#"{"url": "https://a.example/sse"}"#, "older transport"),
        ("gemini", r#"{"httpUrl": "https://a.example/mcp"}"#, "Address"),
        ("cursor", r#"{"command": "x", "args": ["$5"]}"#, "Command"),
        ("codex", "url = 'https://a.example'\nbearer_token_env_var = 'T'", "token from the agent's"),
        ("codex", "command = 'x'\nenv_vars = ['T']", "variables from the agent's"),
        ("codex", "command = 'x'\ncwd = 'here'", "folder that only the agent knows"),
        ("zed", r#"{"settings": {}}"#, "neither a command nor an address"),
        ("cursor", r#"{"command": "x", "url": "https://a.example"}"#, "both"),
    ] {
        assert!(why(id, entry).contains(expected), "{id} {entry}: {}", why(id, entry));
    }
}

#[test]
fn a_program_that_only_calls_itself_doorward_is_not_behind_the_door() {
    let command = |command: &str, args: &[&str]| Reach::Command {
        command: command.to_owned(),
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        env: Default::default(),
        cwd: None,
    };
    let address = |url: &str| Reach::Address { url: url.to_owned(), headers: Default::default() };
    let ours = ["--home", "/h", "connect", "files", "--agent", "a"];
    assert_eq!(door().behind(&command("/opt/doorward/doorward", &ours)).as_deref(), Some("files"));
    assert_eq!(door().behind(&address("http://localhost:7717/mcp/files")).as_deref(), Some("files"));
    for other in [
        command("/tmp/doorward", &ours),
        command("/opt/doorward/doorward", &["connect", "files"]),
        command("/opt/doorward/doorward", &["--home", "/h", "practice"]),
        address("http://127.0.0.1:7718/mcp/files"),
        address("http://127.0.0.1:7717.evil.example/mcp/files"),
        address("http://127.0.0.1:7717/mcp/"),
        address("http://127.0.0.1:7717/mcp/a/b"),
    ] {
        assert_eq!(door().behind(&other), None, "{other:?}");
    }
}
