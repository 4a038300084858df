//! The configuration files of agent programs: which MCP servers they name, which of these go through Doorward and
//! which go around it; how a server is moved behind it, and how that is undone.
//!
//! `registry` has a file for each program. `server`, `json`, `toml`, `edit`, `diff` and `door` are pure: text in, servers
//! or text out. `disk` writes one file as a whole or not at all, `keep` remembers what stood there before, `look` reads a
//! machine. Nothing here starts a program, opens a connection, knows an upstream's secrets or decides about a call.

mod diff;
mod disk;
mod door;
mod edit;
mod json;
mod keep;
mod look;
mod registry;
mod server;
mod toml;

pub use diff::diff;
pub use disk::{DiskError, LARGEST, read, write};
pub use door::{Door, Way};
pub use edit::{EditError, Put, apply, put_back, servers, take_out};
pub use keep::{Changed, Keep, KeepError, Moved, Record, Undone, UndoneFile};
pub use look::{Dirs, FileState, Scope, Seen, SeenFile, System, look, project_folders};
pub use registry::{Format, KNOWN, Known, known};
pub use server::{Reach, Server};
