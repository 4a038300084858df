//! Clients that start `doorward connect` as their server, in both eras.

use super::door::{Command, Door, Listening};
use super::inspector;
use super::python::{
    self, GIT, LEGACY, MODERN, check_clock, check_fallen_back, check_git, check_ours, clock,
};
use super::rust::{self, Visit};
use super::sent;
use super::typescript::{self, EVERYTHING, OURS, check_both_eras, check_cancellation, check_everything};
use crate::support::home::TestHome;

#[test]
fn everything_passes_from_a_client_that_falls_back() {
    let folder = TestHome::folder();
    let record = folder.beside("record").join("lines");
    let server = Command::node(EVERYTHING, &["stdio"]);
    let upstream = server.tapped(&record);
    let door = Door::before(&[("everything", &upstream)]);
    let direct = typescript::tour("everything", "auto", server.reach());
    let through =
        typescript::tour("everything", "auto", door.connect(typescript::AGENT, "everything").reach())
            .notebook();
    check_everything(&through);
    check_cancellation(&record);
    through.is_as(&direct.notebook());

    let direct = python::tour("everything", "auto", server.reach());
    let through =
        python::tour("everything", "auto", door.connect(python::AGENT, "everything").reach()).notebook();
    check_fallen_back(&through);
    through.is_as(&direct.notebook());
    door.close();
}

#[test]
fn everything_passes_from_a_client_that_falls_back_before_an_address() {
    let server = Listening::silent(&Command::node(EVERYTHING, &["streamableHttp"]).env("PORT", "0"));
    let door = Door::before_address("everything", &server.url);
    let direct = typescript::tour("everything", "auto", server.reach());
    let through =
        typescript::tour("everything", "auto", door.connect(typescript::AGENT, "everything").reach())
            .notebook();
    check_everything(&through);
    through.is_as(&direct.notebook());

    let direct = python::tour("everything", "auto", server.reach());
    let http = python::tour("everything", "auto", door.http(python::AGENT, "everything"));
    let through =
        python::tour("everything", "auto", door.connect(python::AGENT, "everything").reach()).notebook();
    check_fallen_back(&through);
    let direct = direct.notebook();
    through.is_as(&direct);
    http.notebook().is_as(&direct);
    door.close();
}

#[test]
fn what_is_sent_at_once_arrives_in_its_order() {
    let folder = TestHome::folder();
    let (here, there) = (folder.beside("record").join("here"), folder.beside("record").join("there"));
    let server = Command::node(OURS, &[]);
    let door = Door::before(&[("ours", &server.tapped(&there))]);
    let direct = typescript::tour("order", "auto", server.tapped(&here).reach());
    let through =
        typescript::tour("order", "auto", door.connect(typescript::AGENT, "ours").reach()).notebook();
    assert_eq!(through.saw("answers")[58], "Hello 58 in here; tools/call");
    through.is_as(&direct.notebook());
    sent::is_in_order_as(&there, &here);
    door.close();
}

#[test]
fn files_are_written_and_the_time_is_told() {
    let folder = TestHome::folder();
    let (here, there) = (folder.beside("here"), folder.beside("there"));
    let files = typescript::files;
    let door = Door::before(&[("files", &files(&there)), ("clock", &clock())]);
    let direct = typescript::tour_of_files(files(&here).reach(), &here);
    let through =
        typescript::tour_of_files(door.connect(typescript::AGENT, "files").reach(), &there).notebook();
    typescript::check_files(&through, &there);
    through.is_as(&direct.notebook());
    let direct = python::tour("clock", "auto", clock().reach());
    let through = python::tour("clock", "auto", door.connect(python::AGENT, "clock").reach()).notebook();
    check_clock(&through, MODERN);
    through.is_as(&direct.notebook());
    door.close();
}

#[test]
fn a_repository_is_worked_on() {
    let folder = TestHome::folder();
    let server = Command::python(GIT);
    let door = Door::before(&[("git", &server)]);
    let direct = python::tour_of_git("auto", server.reach(), &folder.beside("here"));
    let through =
        python::tour_of_git("auto", door.connect(python::AGENT, "git").reach(), &folder.beside("there"))
            .notebook();
    check_git(&through, MODERN);
    through.is_as(&direct.notebook());
    door.close();
}

#[test]
fn a_node_server_at_an_address_is_as_if_it_were_a_program() {
    let there = Listening::saying(&Command::node(OURS, &["--http"]));
    let door = Door::before_address("ours", &there.url);
    let direct = typescript::tour("both-eras", "auto", Command::node(OURS, &[]).reach());
    let through =
        typescript::tour("both-eras", "auto", door.connect(typescript::AGENT, "ours").reach()).notebook();
    check_both_eras(&through, MODERN);
    through.is_as(&direct.notebook());
    door.close();
}

#[test]
fn a_python_server_is_the_same_in_both_eras_and_is_sent_the_same() {
    let folder = TestHome::folder();
    let record = |name: &str, era: &str| folder.beside("record").join(format!("{name}-{era}"));
    let server = python::ours(&[]);
    let [auto, legacy] = ["auto", "legacy"].map(|era| server.tapped(&record("there", era)));
    let door = Door::before(&[("auto", &auto), ("legacy", &legacy)]);
    for (era, version) in [("auto", MODERN), ("legacy", LEGACY)] {
        let direct = python::tour("both_eras", era, server.tapped(&record("here", era)).reach());
        let through = python::tour("both_eras", era, door.connect(python::AGENT, era).reach()).notebook();
        check_ours(&through, version);
        through.is_as(&direct.notebook());
        sent::is_as(&record("there", era), &record("here", era));
    }
    door.close();
}

#[test]
fn the_inspector_gets_the_same_answers() {
    let server = Command::node(OURS, &[]);
    let door = Door::before(&[("ours", &server)]);
    let stdio = |command: &Command| {
        let mut config = command.reach();
        config["type"] = "stdio".into();
        config
    };
    let question: &[&str] = &["--method", "tools/call", "--tool-name", "add", "--tool-arg", "a=2", "b=40"];
    let answers = inspector::Desk::new().compare(
        &stdio(&server),
        &stdio(&door.connect(inspector::AGENT, "ours")),
        &[question],
    );
    assert_eq!(answers[0]["structuredContent"]["sum"], 42);
    door.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rust_client_sees_the_same_in_both_eras() {
    let server = Command::node(OURS, &[]);
    let door = Door::before(&[("ours", &server)]);
    for (era, is_modern) in [(rust::legacy(), false), (rust::modern(), true)] {
        let direct = Visit::over_pipes(&server, era.clone()).await;
        let through = Visit::over_pipes(&door.connect(rust::AGENT, "ours"), era).await;
        let (direct_saw, through_saw) = tokio::join!(direct.tour(is_modern), through.tour(is_modern));
        rust::check(&through_saw);
        through_saw.is_as(&direct_saw);
        direct.leave().await;
        through.leave().await;
    }
    door.close();
}
