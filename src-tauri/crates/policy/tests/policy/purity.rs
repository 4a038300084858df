//! I9: nothing in this crate reads a clock, a file, the environment or the network.

use std::{fs, path::Path};

fn sources(dir: &Path, out: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn i9_the_crate_reads_no_clock_no_file_and_no_network() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    assert!(files.len() > 20);
    for (path, text) in &files {
        let code: String =
            text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        let words: Vec<&str> =
            code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
        for word in
            ["SystemTime", "Instant", "UdpSocket", "TcpStream", "File", "OsString", "PathBuf", "stdin"]
        {
            assert!(!words.contains(&word), "I9: {path} says {word}");
        }
        assert!(!code.contains("::now("), "I9: {path} asks for the time");
        // Modules of the standard library, alone or in a grouped import.
        for (at, word) in words.iter().enumerate() {
            if *word == "std" {
                let import: Vec<&str> = code_after_std(&code, at, &words);
                for module in ["fs", "env", "net", "process", "io"] {
                    assert!(!import.contains(&module), "I9: {path} uses std::{module}");
                }
            }
        }
    }
}

/// The names that follow one `std` up to the end of its statement.
fn code_after_std<'a>(code: &'a str, at: usize, words: &[&'a str]) -> Vec<&'a str> {
    let nth = words[..=at].iter().filter(|word| **word == "std").count();
    let rest = code.split("std::").nth(nth).unwrap_or_default();
    let statement = if rest.starts_with('{') {
        rest.split("};").next()
    } else {
        rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()
    };
    statement.unwrap_or_default().split(|c: char| !c.is_alphanumeric() && c != '_').collect()
}

#[test]
fn no_file_is_longer_than_five_hundred_lines() {
    let mut files = Vec::new();
    sources(Path::new(env!("CARGO_MANIFEST_DIR")), &mut files);
    for (path, text) in files {
        assert!(text.lines().count() <= 500, "{path} has {} lines", text.lines().count());
    }
}
