//! Homes, agents, upstreams and policies through the command line, with nobody else on the home.

mod support;

use std::net::TcpListener;
use support::{TestHome, doorward, run, set_mode, word_after};

#[test]
fn init_makes_a_private_home_with_a_practice_upstream() {
    let home = TestHome::absent();
    let said = home.run(&["init", "--listen", "127.0.0.1:7799"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(said.out.contains("http://127.0.0.1:7799/mcp/UPSTREAM"), "{}", said.out);
    assert!(said.out.contains(&format!("doorward --home {} serve", home.dir.display())));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&home.dir).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700);
    let settings = home.read("doorward.toml");
    assert!(settings.contains("terminal_votes = false") && settings.contains("keychain = \"os\""));
    assert!(home.read("people.toml").contains("id = \"me\""));
    let upstreams = home.run(&["upstream", "list"]).out;
    let program = std::fs::canonicalize(env!("CARGO_BIN_EXE_doorward")).unwrap();
    assert_eq!(
        upstreams,
        format!("practice  {} practice --db {}/practice.sqlite\n", program.display(), home.dir.display())
    );
    assert_eq!(home.run(&["agent", "list"]).out, "practice  acts for me\n");
    let again = home.run(&["init"]);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("is a home folder already"), "{}", again.err);
}

#[test]
fn a_memory_home_is_warned_about() {
    let home = TestHome::absent();
    let said = home.run(&["init", "--keychain", "memory", "--terminal-votes"]);
    assert!(said.err.starts_with("Warning: this home's root key lives in memory"), "{said:?}");
    assert!(home.read("doorward.toml").contains("terminal_votes = true"));
}

#[test]
fn the_home_comes_from_the_environment_too() {
    let home = TestHome::absent();
    let said = run(doorward().env("DOORWARD_HOME", &home.dir).arg("init"));
    assert_eq!(said.code, 0);
    assert!(home.path("doorward.toml").exists());
}

#[test]
fn commands_on_an_absent_home_say_how_to_make_one() {
    let home = TestHome::absent();
    for arguments in [
        &["serve"][..],
        &["agent", "list"],
        &["upstream", "list"],
        &["call", "practice/list_expenses"],
        &["journal", "verify"],
    ] {
        let said = home.run(arguments);
        assert_eq!(said.code, 1, "{arguments:?}");
        assert!(
            said.err.contains("there is no home folder at") && said.err.contains(" init`"),
            "{}",
            said.err
        );
        assert!(!home.dir.exists());
    }
}

#[test]
fn a_home_that_others_can_open_or_we_cannot_is_refused_with_the_mending_command() {
    let home = TestHome::made(&[]);
    for mode in [0o755, 0o000] {
        set_mode(&home.dir, mode);
        for arguments in [&["serve"][..], &["agent", "list"], &["doctor"]] {
            let said = home.run(arguments);
            assert_eq!(said.code, 1);
            let both = said.out + &said.err;
            assert!(both.contains(&format!("chmod 700 {}", home.dir.display())), "{arguments:?}: {both}");
        }
    }
    set_mode(&home.dir, 0o700);
}

#[test]
fn each_broken_file_is_named_with_its_place() {
    let broken = [
        (
            "doorward.toml",
            "id = \"os-window-1\"\nlisten = 5\n",
            "doorward.toml:2:10:",
            &["agent", "list"][..],
        ),
        ("agents.toml", "[[agent]]\nnme = \"a\"\n", "agents.toml:2:1:", &["agent", "list"]),
        (
            "upstreams.toml",
            "[[upstream]]\nname = \"a\"\ncommand = \"b\"\nurl = \"https://c/\"\n",
            "upstreams.toml:",
            &["upstream", "list"],
        ),
        ("people.toml", "[[user]\n", "people.toml", &["agent", "add", "a", "--user", "me"]),
    ];
    for (file, text, place, arguments) in broken {
        let home = TestHome::made(&[]);
        home.write(file, text);
        let said = home.run(arguments);
        assert_eq!(said.code, 1, "{file}");
        assert!(said.err.contains(place), "{}", said.err);
        assert!(said.err.contains("\n  try: "), "{}", said.err);
        assert_eq!(said.err.lines().count(), 2, "{}", said.err);
    }
}

#[test]
fn serve_refuses_a_home_with_a_broken_file() {
    for file in ["doorward.toml", "agents.toml", "upstreams.toml"] {
        let home = TestHome::made(&[]);
        home.write(file, "= broken");
        let said = home.run(&["serve"]);
        assert_eq!(said.code, 1, "{file}");
        assert!(said.err.contains(&format!("{file}:1:1:")), "{}", said.err);
    }
}

#[test]
fn a_port_in_use_is_told_by_serve_and_by_doctor() {
    let home = TestHome::made(&[]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let said = home.run(&["serve", "--listen", &address.to_string()]);
    assert_eq!(said.code, 1);
    assert!(
        said.err.contains(&format!("port {}", address.port())) && said.err.contains("in use"),
        "{}",
        said.err
    );
    home.write("doorward.toml", &home.read("doorward.toml").replace("127.0.0.1:0", &address.to_string()));
    let doctor = home.run(&["doctor"]);
    assert_eq!(doctor.code, 1);
    assert!(doctor.out.contains(&format!("not ok  port: {address} cannot be taken")), "{}", doctor.out);
}

#[test]
fn only_loopback_is_listened_on() {
    let home = TestHome::absent();
    let said = home.run(&["init", "--listen", "0.0.0.0:7717"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("`0.0.0.0:7717` is not a loopback address"), "{}", said.err);
    let home = TestHome::made(&[]);
    assert!(home.run(&["serve", "--listen", "0.0.0.0:0"]).err.contains("is not a loopback address"));
}

#[test]
fn an_agent_gets_a_token_once_with_lines_to_paste() {
    let home = TestHome::made(&[]);
    let said = home.run(&["agent", "add", "claude", "--user", "me"]);
    assert_eq!(said.code, 0, "{said:?}");
    let token = word_after(&said.out, "shown this once:");
    assert!(token.starts_with("dw_"));
    for title in ["Claude Code", "Codex", "Cursor", "VS Code", "Claude Desktop"] {
        assert!(said.out.contains(title), "{title}");
    }
    assert!(said.out.contains(&format!("Bearer {token}")));
    let program = std::fs::canonicalize(env!("CARGO_BIN_EXE_doorward")).unwrap();
    let command = format!(
        r#"{{ "command": "{}", "args": ["--home","{}","connect","practice","--agent","claude"] }}"#,
        program.display(),
        home.dir.display()
    );
    assert!(said.out.contains(&command), "{}", said.out);
    assert!(!home.read("agents.toml").contains(&token), "I8");
    assert!(home.run(&["agent", "list"]).out.contains("claude  acts for me\n"));
    assert!(
        home.run(&["agent", "add", "claude", "--user", "me"])
            .err
            .contains("there is an agent `claude` already")
    );
    assert!(home.run(&["agent", "add", "x", "--user", "nobody"]).err.contains("there is no user `nobody`"));
    assert!(
        home.run(&["agent", "add", "A B", "--user", "me"]).err.contains("`A B` is not a valid agent name")
    );
    assert_eq!(home.run(&["agent", "remove", "claude"]).code, 0);
    assert!(home.run(&["agent", "remove", "claude"]).err.contains("there is no agent `claude`"));
}

#[test]
fn upstreams_are_added_listed_and_removed() {
    let home = TestHome::made(&[]);
    let said =
        home.run(&["upstream", "add", "files", "--env", "A=b=c", "--", "npx", "-y", "server", "/my files"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("Added the upstream `files`: npx -y server '/my files'"), "{}", said.out);
    assert!(home.read("upstreams.toml").contains("A = \"b=c\""));
    assert_eq!(
        home.run(&["upstream", "add", "web", "--url", "https://example.com/mcp", "--header", "X-Key: k"])
            .code,
        0
    );
    let list = home.run(&["upstream", "list"]).out;
    assert!(list.contains("files  npx -y server '/my files'\nweb  https://example.com/mcp\n"), "{list}");
    let refused = home.run(&["upstream", "add", "far", "--url", "http://example.com/"]);
    assert!(refused.code == 1 && refused.err.contains("plain http to another machine"), "{refused:?}");
    let refused = home.run(&["upstream", "add", "odd", "--url", "https://h/", "--header", "nonsense"]);
    assert!(refused.err.contains("`nonsense` has no `:`"), "{refused:?}");
    assert_eq!(home.run(&["upstream", "remove", "files"]).code, 0);
    assert!(home.run(&["upstream", "remove", "files"]).err.contains("there is no upstream `files`"));
}

#[test]
fn what_cannot_be_understood_ends_with_code_2() {
    for arguments in [
        &["dance"][..],
        &["upstream", "add", "a"],
        &["call"],
        &["agent", "add", "a"],
        &["init", "--keychain", "paper"],
    ] {
        assert_eq!(run(doorward().args(arguments)).code, 2, "{arguments:?}");
    }
}

#[test]
fn a_call_needs_a_running_gateway_a_tool_and_an_object() {
    let home = TestHome::made(&[]);
    let cases = [
        (&["call", "practice/list_expenses"][..], "no Doorward runs on the home"),
        (&["call", "list_expenses"], "`list_expenses` is no tool"),
        (&["call", "practice/list_expenses", "{broken"], "the arguments are not valid JSON"),
        (&["call", "practice/list_expenses", "[1]"], "the arguments are not a JSON object"),
        (&["call", "practice/list_expenses", r#"{"a":1,"a":2}"#], "stands twice"),
    ];
    for (arguments, sentence) in cases {
        let said = home.run(arguments);
        assert_eq!(said.code, 1);
        assert!(said.err.contains(sentence), "{}", said.err);
    }
}

#[test]
fn the_shipped_policies_pass_their_cases() {
    let home = TestHome::made(&[]);
    let said = home.run(&["check"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains(" passed."), "{}", said.out);
    let pack = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../policies/starter");
    assert_eq!(home.run(&["check", pack]).out, said.out, "the home has the pack as it is shipped");
}

#[test]
fn a_policy_that_does_not_compile_is_named_with_its_place() {
    let home = TestHome::made(&[]);
    home.write("policies/mine.toml", "name = \"Mine\"\nwhn = 'amount > 5'\n\n[action]\nkind = \"deny\"\n");
    let said = home.run(&["check"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("mine.toml:2:1") && said.err.contains("`whn`"), "{}", said.err);
}

#[test]
fn a_case_that_gets_another_decision_fails_the_check() {
    let home = TestHome::made(&[]);
    home.write("policies/all.toml", "name = \"Nothing goes\"\ndescription = \"For a test.\"\nmode = \"enforce\"\n\n[action]\nkind = \"deny\"\n");
    let said = home.run(&["check"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("not ok  case ") && said.out.contains(": expected "), "{}", said.out);
    assert_eq!(home.run(&["check", "/nowhere/at/all"]).code, 1);
}

#[test]
fn doctor_names_each_part_and_fails_if_one_does() {
    let home = TestHome::made(&[]);
    let said = home.run(&["doctor"]);
    assert_eq!(said.code, 1, "there is neither bus nor display");
    for line in [
        "ok      home folder: ",
        "ok      port: 127.0.0.1:0 is free",
        "ok      keychain: this home keeps its root key in memory",
        "not ok  notification service: there is no session bus",
        "ok      screen: ",
        "not ok  display: neither WAYLAND_DISPLAY nor DISPLAY is set",
        "ok      policies: ",
        "ok      agents: 1 paired",
        "ok      upstream practice: answers and offers 4 tools",
    ] {
        assert!(said.out.contains(line), "{line} in {}", said.out);
    }
}

#[test]
fn doctor_tells_a_dead_upstream_and_a_keychain_that_is_not_there() {
    let home = TestHome::absent();
    home.run(&["init", "--listen", "127.0.0.1:0"]);
    home.run(&["upstream", "add", "dead", "--", "/nonexistent/server"]);
    home.run(&["upstream", "add", "mute", "--", "true"]);
    let said = home.run(&["doctor"]);
    assert!(
        said.out.contains("not ok  upstream dead: ") && said.out.contains("/nonexistent/server"),
        "{}",
        said.out
    );
    assert!(said.out.contains("not ok  upstream mute: "), "{}", said.out);
    assert!(said.out.contains("not ok  keychain: no keychain service answers"), "{}", said.out);
    assert!(said.out.contains("doorward init --keychain memory"), "{}", said.out);
}

#[test]
fn how_long_an_agent_waits_is_set_and_unset() {
    let home = TestHome::made(&[]);
    let said = home.run(&["agent", "wait", "practice", "90m"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("`practice` is kept waiting for 1h30m"), "{}", said.out);
    assert_eq!(home.run(&["agent", "list"]).out, "practice  acts for me, is kept waiting for 1h30m\n");
    for (name, limit, told) in [
        ("practice", "soon", "`soon` is no length of time"),
        ("practice", "0s", "at least a second and at most a day"),
        ("practice", "2d", "at least a second and at most a day"),
        ("nobody", "1m", "there is no agent `nobody`"),
    ] {
        let said = home.run(&["agent", "wait", name, limit]);
        assert!(said.code == 1 && said.err.contains(told), "{said:?}");
    }
    // A running Doorward is asked, and knows at once.
    let _serve = home.serve(&[]);
    assert_eq!(home.run(&["agent", "wait", "practice", "45s"]).code, 0);
    assert_eq!(home.run(&["agent", "list"]).out, "practice  acts for me, is kept waiting for 45s\n");
    assert!(home.run(&["agent", "wait", "practice", "2d"]).err.contains("at most a day"));
    assert_eq!(home.run(&["agent", "wait", "practice", "default"]).code, 0);
    assert_eq!(home.run(&["agent", "list"]).out, "practice  acts for me\n");
}

#[test]
fn the_programs_of_an_agent_are_listed_by_whoever_owns_the_home() {
    let home = TestHome::made(&[]);
    let book = home.read("agents.toml");
    home.write("agents.toml", &format!("{book}program = [\"/opt/a/a\", \"/opt/b\\u202e/b\"]\n"));
    let listed =
        "practice  acts for me\n    program /opt/a/a\n    program /opt/b⟨RIGHT-TO-LEFT OVERRIDE⟩/b\n";
    assert_eq!(home.run(&["agent", "list"]).out, listed);
    let _serve = home.serve(&[]);
    assert_eq!(home.run(&["agent", "list"]).out, listed);
}
