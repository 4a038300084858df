//! Random files: a change touches the one entry and nothing else, and can be taken back exactly.

use crate::homes::{agent, door};
use agents::{Put, Way, apply, put_back, servers};
use proptest::prelude::*;

/// Spaces, line ends and comments as they may stand between any two tokens of JSON.
fn gap() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just(String::new()),
        3 => "[ \\t]{1,3}",
        2 => "\n[ ]{0,6}",
        1 => "/\\*[a-z {}\":,]{0,8}\\*/",
        1 => "//[a-z {}\":,]{0,8}\n",
    ]
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("null".to_owned()),
        Just("1.50e3".to_owned()),
        Just("-0".to_owned()),
        "\"[a-zä\u{4e00} \\-/]{0,6}\"",
        Just("\"\\u00e9\\n\\\"\"".to_owned()),
    ]
}

fn value() -> impl Strategy<Value = String> {
    scalar().prop_recursive(3, 24, 4, |inner| {
        let list = (prop::collection::vec((gap(), inner.clone(), gap()), 0..4), any::<bool>());
        let list = list.prop_map(|(items, comma)| {
            let texts: Vec<String> = items.iter().map(|(a, v, b)| format!("{a}{v}{b}")).collect();
            format!("[{}{}]", texts.join(","), if comma && !items.is_empty() { "," } else { "" })
        });
        prop_oneof![list, object(inner)]
    })
}

fn object(inner: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    (prop::collection::btree_map("[a-z]{1,5}", (gap(), inner, gap()), 0..4), gap(), any::<bool>()).prop_map(
        |(members, end, comma)| {
            let texts: Vec<String> =
                members.iter().map(|(key, (a, v, b))| format!("{a}\"{key}\"{b}:{a}{v}{b}")).collect();
            format!("{{{}{}{end}}}", texts.join(","), if comma && !members.is_empty() { "," } else { "" })
        },
    )
}

proptest! {
    #[test]
    fn a_random_json_file_keeps_every_byte_outside_of_the_entry(
        before in object(value()), entry in object(value()), after in value(), other in value(),
        (g1, g2, g3) in (gap(), gap(), gap()), url in "[a-z]{1,6}",
    ) {
        let known = agent("claude-code");
        let head = format!("{g1}{{{g2}\"x\":{before},{g3}\"mcpServers\"{g2}:{{\"o\":{other},{g1}\"it\"{g3}:");
        let tail = format!("{g2}}}{g3},\"y\":{after}{g1}}}{g2}");
        let text = format!("{head}{entry}{tail}");
        let keys = door().entry(known, &url, Way::Address { token: "dw_t" });
        let put = Put { table: vec!["mcpServers".to_owned()], name: "it".to_owned(), keys };
        let changed = apply(known, &text, std::slice::from_ref(&put)).unwrap();
        prop_assert!(changed.starts_with(&head) && changed.ends_with(&tail), "{}\n---\n{}", text, changed);
        let now = servers(known, &changed).unwrap();
        let it = now.iter().find(|server| server.name == "it").unwrap();
        prop_assert_eq!(door().behind(&it.reach), Some(url));
        let back = put_back(known, &changed, &text, &put.table, "it").unwrap();
        prop_assert_eq!(back, text);
    }

    #[test]
    fn a_random_toml_file_keeps_every_line_that_is_not_the_entrys(
        lines in prop::collection::vec("[a-z]{3,6}", 0..4), style in 0..3_usize, windows in any::<bool>(),
        comment in "#[a-z \\[\\]=\"]{0,8}", space in "[ ]{0,3}", url in "[a-z]{1,6}",
    ) {
        let known = agent("codex");
        let top: String = lines.iter().enumerate().map(|(n, v)| format!("k{n}{space}= \"{v}\" {comment}\n")).collect();
        let own = match style {
            0 => format!("[mcp_servers.it]{space}{comment}\ncommand{space}=\"x\"\nenv.A = \"b\"\nenabled = true\n"),
            1 => format!("[mcp_servers]\nit = {{{space}command = \"x\", enabled = true }}\n"),
            _ => format!("[mcp_servers.it]\nenabled = true\ncommand = 'x'\n[mcp_servers.it.env]\nA = \"b\"{space}\n"),
        };
        let rest = format!("\n{comment}\n[mcp_servers.other]\nargs = [{space}]\ncommand = \"y\"\n\n{comment}\n[z]\na = 0x10\nb = 1_000.50\n");
        let plain = format!("{top}{own}{rest}");
        let text = if windows { plain.replace('\n', "\r\n") } else { plain };
        let keys = door().entry(known, &url, Way::Address { token: "dw_t" });
        let put = Put { table: vec!["mcp_servers".to_owned()], name: "it".to_owned(), keys };
        let changed = apply(known, &text, std::slice::from_ref(&put)).unwrap();
        let unix = changed.replace("\r\n", "\n");
        prop_assert!(unix.starts_with(&top) && unix.ends_with(&rest), "{}\n---\n{}", text, changed);
        prop_assert_eq!(windows, changed.contains("\r\n"));
        let now = servers(known, &changed).unwrap();
        let it = now.iter().find(|server| server.name == "it").unwrap();
        prop_assert_eq!(door().behind(&it.reach), Some(url));
        let back = put_back(known, &changed, &text, &put.table, "it").unwrap();
        prop_assert_eq!(servers(known, &back).unwrap(), servers(known, &text).unwrap());
    }
}
