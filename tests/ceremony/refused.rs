//! A real keychain that asks its person before it gives anything, and a person who closes its question: told apart from
//! one that is locked with nobody to ask, absent or empty (`cli/tests/keychain.rs`).

use super::support::bus::Bus;
use super::support::home::{ALLOW, TestHome};
use super::support::program::{Program, ours};
use super::support::screen::Screen;
use gateway::home::KeychainKind;

fn serve(home: &TestHome, bus: &Bus, screen: &Screen) -> Program {
    let mut command = bus.join(ours("doorward"));
    command.arg("--home").arg(home.dir()).arg("serve").env("DISPLAY", &screen.display);
    Program::start(&mut command)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keychain_whose_question_is_closed_is_refused_and_asks_again_at_the_next_start() {
    let home = TestHome::made(KeychainKind::Os, &[ALLOW]);
    let screen = Screen::start();
    let mut bus = Bus::with_keyring().await;
    let serving = serve(&home, &bus, &screen);
    serving.line("that it listens", |line| line.contains("listens on http://127.0.0.1:"));
    assert!(serving.terminate().success());

    bus.lock_keyring().await;
    bus.add_prompter(&screen.display).await;
    for _ in 0..2 {
        let asking = serve(&home, &bus, &screen);
        screen.until_window("Gcr-prompter");
        screen.picture("keychain/asks");
        screen.press("Escape");
        let (status, said) = asking.finish();
        assert_eq!(status.code(), Some(1), "{said}");
        assert!(said.contains("the keychain's question was refused or closed"), "{said}");
        assert!(said.contains("try: try again and allow Doorward to use the keychain"), "{said}");
        screen.until_no_window("Gcr-prompter");
    }
}
