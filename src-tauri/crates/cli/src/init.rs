//! `doorward init`: a new home, and what to do with it.

use crate::{args::Init, failure::Failure, note, packs, say};
use gateway::home::{Home, InitOptions, KeychainKind};
use std::{path::Path, process::ExitCode};

pub(crate) fn run(home: &Path, options: &Init) -> Result<ExitCode, Failure> {
    let pack = options.pack;
    let options = InitOptions {
        listen: options.listen,
        terminal_votes: options.terminal_votes,
        keychain: options.keychain.into(),
        practice: std::env::current_exe().ok(),
    };
    Home::init(home, &options)?;
    packs::install(pack, home)?;
    let settings = Home::peek(home)?;
    let typed = typed(home);
    say(format_args!(
        "Made the home folder `{}` with the {} policies and the practice upstream.",
        home.display(),
        packs::name(pack)
    ));
    say(format_args!("Agents will connect to http://{}/mcp/UPSTREAM.", settings.listen));
    say("");
    say("Next:");
    say(format_args!("  {typed} serve                       # or open the desktop app"));
    say(format_args!("  {typed} agent add NAME --user me    # prints the agent's token, once"));
    say(format_args!("  {typed} call practice/list_expenses # a call through the running gateway"));
    if settings.keychain == KeychainKind::Memory {
        memory_warning();
    }
    Ok(ExitCode::SUCCESS)
}

/// What a home without a lasting root key cannot do.
pub(crate) fn memory_warning() {
    note(
        "Warning: this home's root key lives in memory, as long as the process. After a restart its sealed history \
         and open holds cannot be read, and the policy files are taken as they are found.",
    );
}

/// How this program is typed for this home.
pub(crate) fn typed(home: &Path) -> String {
    if home == Home::default_dir() {
        return "doorward".to_owned();
    }
    let dir = home.display().to_string();
    let plain = dir.chars().all(|c| c.is_alphanumeric() || "/-_.+".contains(c));
    if plain {
        format!("doorward --home {dir}")
    } else {
        format!("doorward --home '{}'", dir.replace('\'', r"'\''"))
    }
}
