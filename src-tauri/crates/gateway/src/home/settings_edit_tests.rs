//! Settings changed one at a time: the rest of the file stays, what is no setting is refused.

use super::*;
use std::fs;

fn home() -> (tempfile::TempDir, Home) {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path().join("home");
    let options = InitOptions { practice: Some("/usr/bin/doorward".into()), ..InitOptions::default() };
    Home::init(&dir, &options).unwrap();
    let home = Home::open(&dir).unwrap();
    (temporary, home)
}

fn text(home: &Home) -> String {
    fs::read_to_string(home.paths().settings()).unwrap()
}

#[test]
fn a_setting_is_written_in_its_place_and_can_be_taken_back() {
    let (_temporary, home) = home();
    let first = text(&home);
    for change in [
        SettingsChange::Port(7999),
        SettingsChange::Retention { keep_days: 90, keep_mb: 2_048 },
        SettingsChange::FullResults(true),
        SettingsChange::DeniedTools(DeniedTools::Show),
    ] {
        let before = home.change_settings(change).unwrap();
        assert_ne!(home.settings_on_disk().unwrap(), before, "{change:?}");
        assert_eq!(text(&home).lines().count(), first.lines().count(), "no comment is lost: {change:?}");
        home.change_settings(change.undo(&before)).unwrap();
        assert_eq!(text(&home), first, "{change:?}");
    }
    assert_eq!(home.settings().listen, default_listen(), "those of the start stay until the next one");
}

#[test]
fn a_settings_file_without_a_journal_table_gets_one() {
    let (_temporary, home) = home();
    let path = home.paths().settings();
    let bare = text(&home).split("[journal]").next().unwrap().to_owned();
    fs::write(&path, &bare).unwrap();
    home.change_settings(SettingsChange::FullResults(true)).unwrap();
    assert!(home.settings_on_disk().unwrap().journal.full_results);
    let now = text(&home);
    assert!(bare.lines().all(|line| now.contains(line)), "{now}");
}

#[test]
fn what_is_no_setting_is_refused_and_the_file_stays() {
    let (_temporary, home) = home();
    let first = text(&home);
    for (change, words) in [
        (SettingsChange::Port(80), "choose one from 1024 to 65535"),
        (SettingsChange::Retention { keep_days: 0, keep_mb: 100 }, "keep 1 to 3650 days"),
        (SettingsChange::Retention { keep_days: 30, keep_mb: 1 }, "keep 16 to 102400 MB"),
    ] {
        let error = home.change_settings(change).unwrap_err();
        assert_eq!((error.code(), error.hint().as_str()), ("bad_setting", words));
        assert_eq!(text(&home), first);
    }
    fs::write(home.paths().settings(), "id = 3").unwrap();
    assert!(home.change_settings(SettingsChange::Port(7999)).is_err());
    assert_eq!(text(&home), "id = 3");
}

#[test]
fn only_keeping_less_forgets() {
    let (_temporary, home) = home();
    let now = &home.settings().journal;
    let keep = |keep_days, keep_mb| SettingsChange::Retention { keep_days, keep_mb };
    assert!(keep(29, 1_024).forgets(now) && keep(30, 1_000).forgets(now));
    assert!(!keep(30, 1_024).forgets(now) && !keep(365, 4_000).forgets(now));
    assert!(!SettingsChange::FullResults(true).forgets(now));
}
