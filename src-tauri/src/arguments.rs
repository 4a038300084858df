//! The few arguments the desktop program takes. Everything else is done in the window or by `doorward`.

use clap::Parser;
use std::path::PathBuf;

/// Keeps the door between your AI agents and the tools they call.
#[derive(Debug, Parser)]
#[command(name = "doorward-desktop", version)]
pub struct Arguments {
    /// The folder that holds everything Doorward keeps (else `DOORWARD_HOME`, else the usual place)
    #[arg(long, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Start in the tray, without showing the window
    #[arg(long)]
    pub hidden: bool,
}
