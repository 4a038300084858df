//! Clients of the newer era over HTTP: servers of that era that are programs, and others that are reached by an address.

use super::door::{Command, Door, Listening};
use super::inspector::{self, at};
use super::python::{self, GIT, MODERN, check_clock, check_git, check_ours, clock, tour_of_git};
use super::rust::{self, Visit};
use super::typescript::{self, OURS, check_both_eras};
use crate::support::home::TestHome;

#[test]
fn the_time_is_told_in_the_newer_era() {
    let door = Door::before(&[("clock", &clock())]);
    let direct = python::tour("clock", "auto", clock().reach());
    let through = python::tour("clock", "auto", door.http(python::AGENT, "clock")).notebook();
    check_clock(&through, MODERN);
    through.is_as(&direct.notebook());
    door.close();
}

#[test]
fn a_repository_is_worked_on_in_the_newer_era() {
    let folder = TestHome::folder();
    let server = Command::python(GIT);
    let door = Door::before(&[("git", &server)]);
    let direct = tour_of_git("auto", server.reach(), &folder.beside("here"));
    let through = tour_of_git("auto", door.http(python::AGENT, "git"), &folder.beside("there")).notebook();
    check_git(&through, MODERN);
    through.is_as(&direct.notebook());
    door.close();
}

#[test]
fn a_python_server_at_an_address_is_the_same_in_the_newer_era() {
    let server = python::ours(&["--http"]);
    let (here, there) = (Listening::saying(&server), Listening::saying(&server));
    let door = Door::before_address("ours", &there.url);
    let direct = python::tour("both_eras", "auto", here.reach());
    let through = python::tour("both_eras", "auto", door.http(python::AGENT, "ours")).notebook();
    check_ours(&through, MODERN);
    through.is_as(&direct.notebook());
    door.close();
}

#[test]
fn a_python_server_that_is_a_program_is_the_same_in_the_newer_era() {
    let server = python::ours(&[]);
    let door = Door::before(&[("ours", &server)]);
    let direct = python::tour("both_eras", "auto", server.reach());
    let through = python::tour("both_eras", "auto", door.http(python::AGENT, "ours")).notebook();
    check_ours(&through, MODERN);
    through.is_as(&direct.notebook());
    door.close();
}

#[test]
fn a_node_server_at_an_address_is_the_same_in_the_newer_era() {
    let server = Command::node(OURS, &["--http"]);
    let (here, there) = (Listening::saying(&server), Listening::saying(&server));
    let door = Door::before_address("ours", &there.url);
    let direct = typescript::tour("both-eras", "auto", here.reach());
    let through = typescript::tour("both-eras", "auto", door.http(typescript::AGENT, "ours")).notebook();
    check_both_eras(&through, MODERN);
    through.is_as(&direct.notebook());
    door.close();
}

#[test]
fn a_node_server_that_is_a_program_is_the_same_in_the_newer_era() {
    let server = Command::node(OURS, &[]);
    let door = Door::before(&[("ours", &server)]);
    let direct = typescript::tour("both-eras", MODERN, server.reach());
    let through = typescript::tour("both-eras", MODERN, door.http(typescript::AGENT, "ours")).notebook();
    check_both_eras(&through, MODERN);
    through.is_as(&direct.notebook());
    door.close();
}

#[test]
fn the_inspector_gets_the_same_answers_in_the_newer_era() {
    let server = Listening::saying(&Command::node(OURS, &["--http"]));
    let door = Door::before_address("ours", &server.url);
    let answers = inspector::Desk::new().compare(
        &at(&server.url, "none", "modern"),
        &at(&door.url("ours"), door.token(inspector::AGENT), "modern"),
        &[
            &["--method", "tools/call", "--tool-name", "greet", "--tool-arg", "place=Köln", "name=Zoë"],
            &["--method", "resources/list"],
        ],
    );
    assert_eq!(answers[0]["content"][0]["text"], "Hello Zoë in Köln; tools/call");
    door.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rust_client_sees_the_same_in_the_newer_era() {
    let server = Command::node(OURS, &[]);
    let there = Listening::saying(&Command::node(OURS, &["--http"]));
    let door = Door::before_address("ours", &there.url);
    let direct = Visit::over_pipes(&server, rust::modern()).await;
    let through = Visit::over_http(&door, "ours", rust::modern()).await;
    let (direct_saw, through_saw) = tokio::join!(direct.tour(true), through.tour(true));
    rust::check(&through_saw);
    through_saw.is_as(&direct_saw);
    direct.leave().await;
    through.leave().await;
    door.close();
}
