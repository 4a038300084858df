//! The process at the other end of a connection, where the platform can tell (Linux), and whose it is.
//!
//! On the home's socket the kernel says so. On loopback the kernel's table of connections names the owner and
//! the socket's number; the process that holds that number is looked for among those whose files we may list.
//! The owner is looked up once a connection, the process only when a call needs it; both off the event loop.

use crate::{engine::Peer, pipeline::PeerProcess};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::OnceCell;

/// What is known of one connection; shared by its requests.
#[derive(Clone)]
pub(crate) struct Connected {
    pub(super) peer: Peer,
    /// Given to a connection that is one process's as a whole.
    pub(super) number: Option<u64>,
    end: End,
    process: Arc<OnceCell<PeerProcess>>,
    is_foreign: Arc<OnceCell<bool>>,
}

#[derive(Clone, Copy)]
enum End {
    /// Theirs and ours.
    Tcp {
        theirs: SocketAddr,
        ours: SocketAddr,
    },
    Unix {
        pid: Option<u32>,
    },
    /// `doorward connect` stands between; the agent is who started it.
    Shim {
        pid: Option<u32>,
    },
}

impl Connected {
    pub(crate) fn tcp(theirs: SocketAddr, ours: SocketAddr) -> Connected {
        Connected {
            peer: Peer::Tcp,
            number: None,
            end: End::Tcp { theirs, ours },
            process: Arc::default(),
            is_foreign: Arc::default(),
        }
    }

    #[cfg(unix)]
    pub(super) fn unix(pid: Option<u32>) -> Connected {
        Connected {
            peer: Peer::Unix,
            number: None,
            end: End::Unix { pid },
            process: Arc::default(),
            is_foreign: Arc::default(),
        }
    }

    /// The same connection as one of `doorward connect`, which serves one agent's process.
    pub(super) fn of_shim(self) -> Connected {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let end = match self.end {
            End::Unix { pid } => End::Shim { pid },
            other => other,
        };
        let number = Some(LAST.fetch_add(1, Ordering::Relaxed));
        Connected { end, number, process: Arc::default(), ..self }
    }

    /// Whether the other end is known to be another user's.
    pub(crate) async fn is_foreign(&self) -> bool {
        let End::Tcp { theirs, ours } = self.end else {
            // The home's socket is asked when it accepts.
            return false;
        };
        let look = || async move {
            tokio::task::spawn_blocking(move || is_foreign(theirs, ours)).await.unwrap_or(true)
        };
        *self.is_foreign.get_or_init(look).await
    }

    pub(super) async fn process(&self) -> PeerProcess {
        let end = self.end;
        let look =
            || async move { tokio::task::spawn_blocking(move || look_up(end)).await.unwrap_or_default() };
        self.process.get_or_init(look).await.clone()
    }
}

fn look_up(end: End) -> PeerProcess {
    let pid = match end {
        End::Unix { pid } => pid,
        End::Shim { pid } => pid.and_then(parent_of).or(pid),
        End::Tcp { theirs, ours } => tcp_owner(theirs, ours),
    };
    PeerProcess { pid, program: pid.and_then(program_of) }
}

#[cfg(target_os = "linux")]
fn program_of(pid: u32) -> Option<String> {
    let path = std::fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    path.into_os_string().into_string().ok()
}

/// The fourth column of its `stat`, after a name that may hold anything.
#[cfg(target_os = "linux")]
fn parent_of(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, columns) = stat.rsplit_once(')')?;
    columns.split_ascii_whitespace().nth(1)?.parse().ok().filter(|parent| *parent > 1)
}

#[cfg(not(target_os = "linux"))]
fn parent_of(_: u32) -> Option<u32> {
    None
}

#[cfg(not(target_os = "linux"))]
fn program_of(_: u32) -> Option<String> {
    None
}

#[cfg(not(target_os = "linux"))]
fn tcp_owner(_: SocketAddr, _: SocketAddr) -> Option<u32> {
    None
}

#[cfg(not(target_os = "linux"))]
fn is_foreign(_: SocketAddr, _: SocketAddr) -> bool {
    false
}

#[cfg(target_os = "linux")]
fn is_foreign(theirs: SocketAddr, ours: SocketAddr) -> bool {
    row(theirs, ours).is_some_and(|row| row.uid != rustix::process::geteuid().as_raw())
}

#[cfg(target_os = "linux")]
fn tcp_owner(theirs: SocketAddr, ours: SocketAddr) -> Option<u32> {
    let wanted = format!("socket:[{}]", row(theirs, ours)?.inode);
    let processes = std::fs::read_dir("/proc").ok()?.filter_map(Result::ok);
    let mut pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.find(|pid| {
        let Ok(open) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
        let mut targets = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        targets.any(|target| target.as_os_str() == wanted.as_str())
    })
}

/// What the kernel's table says of the other end.
#[cfg(target_os = "linux")]
#[derive(Debug, PartialEq, Eq)]
struct Row {
    uid: u32,
    inode: u64,
}

#[cfg(target_os = "linux")]
fn row(theirs: SocketAddr, ours: SocketAddr) -> Option<Row> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    tables
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .find_map(|table| row_in(&table, theirs, ours))
}

/// The row of `theirs`: it has the agent's end as the local one.
#[cfg(target_os = "linux")]
fn row_in(table: &str, theirs: SocketAddr, ours: SocketAddr) -> Option<Row> {
    let (theirs, ours) = (in_kernels_words(theirs), in_kernels_words(ours));
    table.lines().skip(1).find_map(|line| {
        let mut columns = line.split_ascii_whitespace();
        let (local, remote) = (columns.nth(1)?, columns.next()?);
        if !local.eq_ignore_ascii_case(&theirs) || !remote.eq_ignore_ascii_case(&ours) {
            return None;
        }
        let (uid, inode) = (columns.nth(4)?.parse().ok()?, columns.nth(1)?.parse().ok()?);
        // A connection that is being torn down has no socket, and no owner, any more.
        (inode != 0).then_some(Row { uid, inode })
    })
}

/// Each group of four bytes as one number in the machine's own order, then the port.
#[cfg(target_os = "linux")]
fn in_kernels_words(address: SocketAddr) -> String {
    let words = |octets: &[u8]| -> String {
        let groups = octets.chunks_exact(4).filter_map(|group| <[u8; 4]>::try_from(group).ok());
        groups.map(|group| format!("{:08X}", u32::from_ne_bytes(group))).collect()
    };
    let ip = match address {
        SocketAddr::V4(address) => words(&address.ip().octets()),
        SocketAddr::V6(address) => words(&address.ip().octets()),
    };
    format!("{ip}:{:04X}", address.port())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use tokio::net::{TcpListener, TcpStream};

    #[tokio::test]
    async fn the_process_behind_a_loopback_connection_is_found() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address).await else { continue };
            let ours = listener.local_addr().unwrap();
            let _stream = TcpStream::connect(ours).await.unwrap();
            let (_accepted, theirs) = listener.accept().await.unwrap();
            let process = Connected::tcp(theirs, ours).process().await;
            assert_eq!(process.pid, Some(std::process::id()), "{address}");
            let program = std::env::current_exe().unwrap();
            assert_eq!(process.program.as_deref(), program.to_str(), "{address}");
            assert!(!Connected::tcp(theirs, ours).is_foreign().await, "{address}");
        }
    }

    #[test]
    fn the_row_of_the_other_end_tells_owner_and_socket() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
             0: 0100007F:1E25 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 111 1 0 20 4 30 10 -1\n   \
             1: 0100007F:C350 0100007F:1E25 01 00000000:00000000 00:00000000 00000000  1001        0 222 1 0 20 4 30 10 -1\n   \
             2: 0100007F:C351 0100007F:1E25 06 00000000:00000000 00:00000000 00000000     0        0 0 1 0 20 4 30 10 -1\n";
        let [ours, theirs, gone] =
            ["127.0.0.1:7717", "127.0.0.1:50000", "127.0.0.1:50001"].map(|a| a.parse().unwrap());
        assert_eq!(row_in(table, theirs, ours), Some(Row { uid: 1001, inode: 222 }));
        assert_eq!(row_in(table, ours, theirs), Some(Row { uid: 1000, inode: 111 }));
        assert_eq!(row_in(table, gone, ours), None);
    }
}
