//! A home folder from its birth on, and what is refused, each with its next step.

use super::*;
use crate::keychain::MemoryKeychain;
use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

fn options() -> InitOptions {
    InitOptions { practice: Some("/usr/bin/doorward".into()), ..InitOptions::default() }
}

fn new_home() -> (tempfile::TempDir, PathBuf) {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path().join("home");
    Home::init(&dir, &options()).unwrap();
    (temporary, dir)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_home_is_private_and_whole() {
    let (_temporary, dir) = new_home();
    assert_eq!(mode(&dir), 0o700);
    for file in ["doorward.toml", "people.toml", "agents.toml", "upstreams.toml", "lock"] {
        assert_eq!(mode(&dir.join(file)), 0o600, "{file}");
    }
    let home = Home::open(&dir).unwrap();
    assert_eq!(home.settings().listen, default_listen());
    assert!(!home.settings().terminal_votes);
    assert_eq!(home.settings().keychain, KeychainKind::Os);
    let people = home.people().unwrap();
    let me = people.owner().unwrap();
    assert_eq!((me.id.as_str(), me.roles.contains("employee")), ("me", true));
    let practice = Agent {
        name: "practice".parse().unwrap(),
        user: "me".parse().unwrap(),
        wait_limit: None,
        programs: Vec::new(),
    };
    assert_eq!(home.agents().unwrap().by_name("practice"), Some(practice));
    let shown = home.upstreams().unwrap().get("practice").unwrap().shown();
    assert_eq!(shown, format!("/usr/bin/doorward practice --db {}", dir.join("practice.sqlite").display()));
}

#[test]
fn the_starter_pack_is_copied_word_for_word() {
    let (_temporary, dir) = new_home();
    let home = Home::open(&dir).unwrap();
    for (path, text) in packs::starter().files {
        assert_eq!(&fs::read_to_string(home.policies_dir().join(path)).unwrap(), text, "{path}");
    }
}

#[test]
fn opening_an_absent_folder_makes_a_home_with_the_defaults() {
    let temporary = tempfile::tempdir().unwrap();
    let home = Home::open(&temporary.path().join("new")).unwrap();
    assert!(home.people().unwrap().owner().is_some());
    assert_eq!(mode(home.dir()), 0o700);
}

#[test]
fn one_process_owns_a_home() {
    let (_temporary, dir) = new_home();
    let home = Home::open(&dir).unwrap();
    let error = Home::open(&dir).unwrap_err();
    assert_eq!(error.code(), "home_in_use");
    let sentence = format!("the home folder `{}` is in use by process {}", dir.display(), std::process::id());
    assert_eq!(error.to_string(), sentence);
    assert_eq!(&Home::peek(&dir).unwrap(), home.settings());
    drop(home);
    Home::open(&dir).unwrap();
}

#[test]
fn a_folder_open_to_others_or_closed_to_us_is_refused_for_root_too() {
    let (_temporary, dir) = new_home();
    for (bits, code) in [
        (0o755, "is open to other users"),
        (0o710, "is open"),
        (0o500, "is closed to its own user"),
        (0o000, "is closed"),
    ] {
        fs::set_permissions(&dir, fs::Permissions::from_mode(bits)).unwrap();
        let error = Home::open(&dir).unwrap_err();
        assert!(error.to_string().contains(code), "{error}");
        assert_eq!(error.code(), "home_permissions");
        assert_eq!(error.hint(), format!("run `chmod 700 {}`", dir.display()));
        assert_eq!(Home::peek(&dir).unwrap_err().code(), "home_permissions");
    }
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
    Home::open(&dir).unwrap();
}

#[test]
fn what_is_no_home_is_not_taken_for_one() {
    let temporary = tempfile::tempdir().unwrap();
    let full = temporary.path().join("full");
    folder::make_private(&full).unwrap();
    fs::write(full.join("letter.txt"), "dear").unwrap();
    assert_eq!(Home::open(&full).unwrap_err().code(), "home_not_a_home");
    assert_eq!(Home::init(&full, &options()).unwrap_err().code(), "home_not_a_home");
    assert_eq!(Home::open(&full.join("letter.txt")).unwrap_err().code(), "home_not_a_home");
    assert_eq!(Home::peek(&temporary.path().join("absent")).unwrap_err().code(), "home_absent");
    let long = temporary.path().join("x".repeat(100));
    assert_eq!(Home::init(&long, &options()).unwrap_err().code(), "home_path_too_long");
    let (_temporary, dir) = new_home();
    assert_eq!(Home::init(&dir, &options()).unwrap_err().code(), "home_exists");
}

#[test]
fn only_loopback_can_be_listened_on() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path().join("home");
    let outside = InitOptions { listen: Some("0.0.0.0:7717".parse().unwrap()), ..options() };
    let error = Home::init(&dir, &outside).unwrap_err();
    assert_eq!(error.to_string(), "`0.0.0.0:7717` is not a loopback address");
    assert!(!dir.exists());
    let inside = InitOptions { listen: Some("[::1]:9000".parse().unwrap()), ..options() };
    Home::init(&dir, &inside).unwrap();
    assert_eq!(Home::peek(&dir).unwrap().listen.port(), 9000);
}

#[test]
fn what_a_home_was_made_with_cannot_be_edited_later() {
    let (_temporary, dir) = new_home();
    let path = dir.join("doorward.toml");
    let text = fs::read_to_string(&path).unwrap();
    for (from, to, key) in [
        ("terminal_votes = false", "terminal_votes = true", "terminal_votes"),
        ("keychain = \"os\"", "keychain = \"memory\"", "keychain"),
        ("id = \"os-", "id = \"memory-", "keychain"),
    ] {
        fs::write(&path, text.replace(from, to)).unwrap();
        let error = Home::open(&dir).unwrap_err();
        assert_eq!(error.code(), "home_birth_changed");
        assert!(error.to_string().starts_with(&format!("`{key}` in ")), "{error}");
    }
}

#[test]
fn a_broken_file_is_named_with_its_line_and_column() {
    let (_temporary, dir) = new_home();
    let home = Home::open(&dir).unwrap();
    fs::write(home.agents_path(), "# mine\n[[agent]]\nname = \"a\"\nuser = \"me\"\ntoken = \"x\"\n").unwrap();
    let error = home.agents().unwrap_err();
    assert!(error.to_string().contains("agents.toml:5:1: unknown field `token`"), "{error}");
    assert!(error.hint().starts_with("mend line 5 of"), "{}", error.hint());
    fs::write(home.upstreams_path(), "[[upstream]\nname = 1").unwrap();
    assert!(home.upstreams().unwrap_err().to_string().contains("upstreams.toml:1:"));
    fs::write(home.people_path(), "[[user]]\nid = \"me\"\nname = \n").unwrap();
    let error = home.people().unwrap_err();
    assert_eq!(error.code(), "file_broken");
    assert!(error.to_string().contains("people.toml"), "{error}");
    drop(home);
    fs::write(dir.join("doorward.toml"), "id = \"os-window-1\"\nlisten = \"nowhere\"\n").unwrap();
    let error = Home::open(&dir).unwrap_err();
    assert!(error.to_string().contains("doorward.toml:2:10: "), "{error}");
    assert_eq!(error.to_string().lines().count(), 1);
}

#[test]
fn a_token_is_known_by_its_hash_alone_and_dies_with_its_agent() {
    let (_temporary, dir) = new_home();
    let home = Home::open(&dir).unwrap();
    let mut book = home.agents().unwrap();
    let token = book.add("claude".parse().unwrap(), "me".parse().unwrap()).unwrap();
    assert!(token.as_str().starts_with("dw_") && token.as_str().len() == 46);
    assert_eq!(format!("{token:?}"), "Token(..)");
    assert!(!fs::read_to_string(home.agents_path()).unwrap().contains(token.as_str()), "I8");
    let mut other = home.agents().unwrap();
    assert_eq!(other.authenticate(token.as_str()).unwrap().name.as_str(), "claude");
    assert_eq!(other.authenticate("dw_wrong"), None);
    assert_eq!(other.authenticate(""), None, "the agent without a token has no empty token");
    assert_eq!(
        book.add("claude".parse().unwrap(), "me".parse().unwrap()).unwrap_err().code(),
        "agent_exists"
    );
    book.remove("claude").unwrap();
    other.reload().unwrap();
    assert_eq!(other.authenticate(token.as_str()), None);
    assert_eq!(book.remove("claude").unwrap_err().code(), "no_such_agent");
}

#[test]
fn changing_a_book_keeps_a_persons_comments() {
    let (_temporary, dir) = new_home();
    let home = Home::open(&dir).unwrap();
    let text = "# before\n[[agent]]\nname = \"first\" # the old one\nuser = \"me\"\n\n# after\n[[agent]]\nname = \"second\"\nuser = \"me\"\n";
    fs::write(home.agents_path(), text).unwrap();
    let mut book = home.agents().unwrap();
    book.add_without_token("third".parse().unwrap(), "me".parse().unwrap()).unwrap();
    assert!(fs::read_to_string(home.agents_path()).unwrap().starts_with(text));
    book.remove("second").unwrap();
    let left = fs::read_to_string(home.agents_path()).unwrap();
    assert!(left.contains("# before") && left.contains("# the old one") && !left.contains("second"));
    let names: Vec<_> = book.list().iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["first", "third"]);
}

#[test]
fn a_book_that_breaks_later_stays_as_it_was_read() {
    let (_temporary, dir) = new_home();
    let home = Home::open(&dir).unwrap();
    let mut book = home.agents().unwrap();
    fs::write(
        home.agents_path(),
        "[[agent]]\nname = \"a\"\nuser = \"me\"\n[[agent]]\nname = \"a\"\nuser = \"me\"\n",
    )
    .unwrap();
    assert!(book.reload().unwrap_err().to_string().starts_with("`a` stands twice in"));
    assert!(book.by_name("practice").is_some());
}

#[test]
fn upstreams_come_back_as_they_were_added() {
    let (_temporary, dir) = new_home();
    let home = Home::open(&dir).unwrap();
    let mut book = home.upstreams().unwrap();
    for json in [
        r#"{"name":"files","command":"npx","args":["-y","server"],"cwd":"/tmp","env":{"A":"b c"}}"#,
        r#"{"name":"web","url":"https://example.com/mcp","strict_schema":true,"headers":{"X-Key":"k"}}"#,
    ] {
        let config: UpstreamConfig = serde_json::from_str(json).unwrap();
        book.add(config.clone()).unwrap();
        assert_eq!(home.upstreams().unwrap().get(config.name.as_str()), Some(&config));
        assert_eq!(serde_json::to_string(&config).unwrap(), json);
        assert_eq!(book.add(config).unwrap_err().code(), "upstream_exists");
    }
    assert_eq!(book.get("files").unwrap().shown(), "npx -y server");
    book.remove("files").unwrap();
    assert_eq!(book.remove("files").unwrap_err().code(), "no_such_upstream");
    assert_eq!(book.list().len(), 2);
}

#[test]
fn an_upstream_that_hides_something_or_leaves_the_machine_in_clear_is_refused() {
    let cases = [
        (r#"{"name":"a"}"#, "needs either a command or a url"),
        (r#"{"name":"a","command":"x","url":"https://h/"}"#, "needs either"),
        (r#"{"name":"a","command":"x\u0000"}"#, "the command has a control or invisible character"),
        (
            r#"{"name":"a","command":"x","args":["ok","\u202etxt"]}"#,
            "argument 2 has a control or invisible character",
        ),
        (r#"{"name":"a","command":"x","env":{"A=B":"c"}}"#, "not allowed there"),
        (r#"{"name":"a","command":"x","cwd":"here"}"#, "is not absolute"),
        (r#"{"name":"a","command":"x","headers":{"a":"b"}}"#, "`headers` goes with a url"),
        (r#"{"name":"a","url":"http://example.com/mcp"}"#, "plain http to another machine"),
        (r#"{"name":"a","url":"http://localhost.example.com/"}"#, "plain http to another machine"),
        (r#"{"name":"a","url":"http://127.0.0.1.example.com/"}"#, "plain http to another machine"),
        (r#"{"name":"a","url":"file:///etc/passwd"}"#, "is no http or https address"),
        (r#"{"name":"a","url":"https://me:pw@h/"}"#, "user name or password"),
        (
            r#"{"name":"a","url":"https://h/","headers":{"Mcp-Session-Id":"1"}}"#,
            "the gateway sets the header",
        ),
        (r#"{"name":"a","url":"https://h/","headers":{"X-A":"1\r\nX-B: 2"}}"#, "control or invisible"),
        (r#"{"name":"A b","command":"x"}"#, "is not a valid upstream name"),
        (r#"{"name":"a","command":"x","comand":"y"}"#, "unknown field `comand`"),
    ];
    for (json, sentence) in cases {
        let error = serde_json::from_str::<UpstreamConfig>(json).unwrap_err().to_string();
        assert!(error.contains(sentence), "{json}: {error}");
    }
    for url in
        ["http://127.0.0.1:3000/mcp", "http://[::1]/mcp", "http://localhost:80/", "https://example.com/"]
    {
        let json = format!(r#"{{"name":"a","url":"{url}"}}"#);
        assert!(serde_json::from_str::<UpstreamConfig>(&json).is_ok(), "{url}");
    }
}

#[test]
fn policy_files_are_read_and_put_back_exactly() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    for (path, text) in [
        ("set.toml", "a"),
        ("flows/finance.toml", "b"),
        ("cases.toml", "c"),
        ("README.md", "d"),
        (".set.toml.1-1", "e"),
    ] {
        fs::create_dir_all(dir.join(path).parent().unwrap()).unwrap();
        fs::write(dir.join(path), text).unwrap();
    }
    let documents = read_documents(dir).unwrap();
    let read: Vec<_> = documents.iter().collect();
    assert_eq!(read, [("flows/finance.toml", "b"), ("set.toml", "a")]);
    fs::write(dir.join("set.toml"), "changed").unwrap();
    fs::write(dir.join("new.toml"), "new").unwrap();
    fs::remove_file(dir.join("flows/finance.toml")).unwrap();
    write_documents(dir, &documents).unwrap();
    assert_eq!(read_documents(dir).unwrap(), documents);
    assert!(dir.join("cases.toml").exists() && dir.join("README.md").exists());
}

#[test]
fn a_policy_folder_is_read_whole_or_not_at_all() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    assert!(
        read_documents(&dir.join("absent")).unwrap_err().to_string().starts_with("cannot read the folder `")
    );
    fs::write(dir.join("a.toml"), [0xff, 0xfe]).unwrap();
    assert!(read_documents(dir).unwrap_err().to_string().ends_with("is not UTF-8 text"));
    fs::write(dir.join("a.toml"), "x".repeat(1024 * 1024 + 1)).unwrap();
    assert_eq!(read_documents(dir).unwrap_err().code(), "file_too_large");
    fs::remove_file(dir.join("a.toml")).unwrap();
    fs::create_dir_all(dir.join("flows/more")).unwrap();
    assert_eq!(read_documents(dir).unwrap_err().code(), "file_misplaced");
    for path in ["../x.toml", "/x.toml", "a/b/c.toml", ".x.toml", "x.txt", "a//x.toml", ""] {
        assert_eq!(write_document(dir, path, "").unwrap_err().code(), "file_misplaced", "{path}");
    }
}

#[test]
fn a_lost_root_key_is_told_once_there_is_a_journal() {
    let (_temporary, dir) = new_home();
    let home = Home::open(&dir).unwrap();
    let keychain = MemoryKeychain::default();
    home.root_key(&keychain).unwrap();
    fs::write(home.journal_path(), "").unwrap();
    home.root_key(&keychain).unwrap();
    let error = home.root_key(&MemoryKeychain::default()).err().unwrap();
    assert_eq!(error.code(), "keychain_empty");
}

#[test]
fn an_agents_wait_limit_and_programs_are_kept_among_a_persons_own_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agents.toml");
    fs::write(&path, "# mine\n[[agent]]\nname = \"claude\"\nuser = \"me\" # me\nwait_limit = \"20m\"\nprogram = \"/usr/bin/node\"\n").unwrap();
    let mut book = AgentBook::load(&path).unwrap();
    let agent = book.by_name("claude").unwrap();
    assert_eq!(agent.wait_limit, Some(Duration::from_secs(1_200)));
    assert_eq!(agent.programs, ["/usr/bin/node"]);

    book.set_wait_limit("claude", Some(Duration::from_secs(5_400))).unwrap();
    assert!(!book.add_program("claude", "/usr/bin/node", false).unwrap(), "known already");
    assert!(!book.add_program("claude", "/usr/bin/claude", true).unwrap(), "not the first");
    assert!(book.add_program("claude", "/usr/bin/claude", false).unwrap());
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("# mine\n") && text.contains("\"me\" # me"), "{text}");
    assert!(text.contains("wait_limit = \"1h30m\""), "{text}");
    let agent = AgentBook::load(&path).unwrap().by_name("claude").unwrap();
    assert_eq!(agent.programs, ["/usr/bin/node", "/usr/bin/claude"]);

    book.set_wait_limit("claude", None).unwrap();
    assert_eq!(book.by_name("claude").unwrap().wait_limit, None);
    assert!(matches!(book.set_wait_limit("nobody", None), Err(BookError::NoSuchAgent { .. })));
    assert!(matches!(book.set_wait_limit("claude", Some(Duration::ZERO)), Err(BookError::WaitLimit)));
}

#[test]
fn a_wait_limit_that_is_none_is_said_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agents.toml");
    for limit in ["soon", "0s", "25h"] {
        fs::write(&path, format!("[[agent]]\nname = \"a\"\nuser = \"me\"\nwait_limit = \"{limit}\"\n"))
            .unwrap();
        let error = AgentBook::load(&path).unwrap_err().to_string();
        assert!(error.contains("wait_limit") && error.contains("4:"), "{error}");
    }
}
