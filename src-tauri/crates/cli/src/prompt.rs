//! Asks a person for a secret at the terminal, without showing it. Not from a pipe: what a program can pass along, a
//! shell's history and a process list can show.

use crate::failure::Failure;
use gateway::keychain::Secret;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io::{self, IsTerminal, Read, Write};

/// The longest value taken.
const LONGEST: usize = 16 * 1024;

/// One line, unseen.
pub(crate) fn hidden(question: &str) -> Result<Secret, Failure> {
    let mut input = io::stdin().lock();
    if !input.is_terminal() {
        return Err(Failure::new(
            "a secret is typed, never passed along",
            "run this in a terminal and type the value there",
        ));
    }
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(format!("the terminal cannot be used: {error}"), "run this in another terminal")
    };
    let _quiet = Quiet::on().map_err(|error| failed(&error))?;
    let _ = write!(io::stderr(), "{question}: ");
    let typed = read(&mut input).map_err(|error| failed(&error));
    let _ = writeln!(io::stderr());
    match typed? {
        Some(secret) if !secret.is_empty() => Ok(secret),
        _ => Err(Failure::new("no secret was typed", "run it again and type the value")),
    }
}

/// Until the end of the line; none where the person gave up.
fn read(input: &mut impl Read) -> io::Result<Option<Secret>> {
    let mut secret = Secret::new(Vec::with_capacity(LONGEST));
    let mut byte = [0];
    loop {
        if input.read(&mut byte)? == 0 {
            return Ok(None);
        }
        match byte[0] {
            b'\n' | b'\r' => return Ok(Some(secret)),
            // Control-C and control-D.
            3 | 4 => return Ok(None),
            8 | 127 => drop(secret.pop()),
            // Never grows, so that no copy is left behind.
            typed if secret.len() < LONGEST => secret.push(typed),
            _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "the value is too long")),
        }
    }
}

/// The terminal shows nothing and passes every key on, until this is dropped.
struct Quiet(Termios);

impl Quiet {
    fn on() -> Result<Quiet, rustix::io::Errno> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(io::stdin(), OptionalActions::Now, &quiet)?;
        Ok(Quiet(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> Option<Vec<u8>> {
        read(&mut &*keys).unwrap().map(|secret| secret.to_vec())
    }

    #[test]
    fn a_line_is_taken_with_its_corrections_and_giving_up_is_told_apart() {
        assert_eq!(typed(b"abc\n"), Some(b"abc".to_vec()));
        assert_eq!(typed(b"abx\x7fc\r"), Some(b"abc".to_vec()));
        assert_eq!(typed(b"ab\x03"), None);
        assert_eq!(typed(b"ab"), None, "the terminal went away");
        assert!(read(&mut &*vec![b'a'; LONGEST + 1]).is_err());
    }
}
