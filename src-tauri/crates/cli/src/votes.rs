//! What is typed into `doorward serve`: one line, one command.

/// A line as understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    Approve {
        hold: String,
    },
    Reject {
        hold: String,
        reason: Option<String>,
    },
    Extend {
        hold: String,
    },
    /// Opens the page where the passkey for a held call is used.
    Prove {
        hold: String,
    },
    /// Opens the page where the owner enrols a passkey of this name.
    Enrol {
        name: String,
    },
    /// Accepts a tool that is not as it was first seen, written `upstream/tool`.
    Accept {
        tool: String,
    },
    List,
    Help,
    Nothing,
}

pub(crate) const HELP: &str = "Type `approve ID`, `reject ID reason…`, `extend ID` or `list`; `prove ID` for a call that needs a passkey, `enrol NAME` to enrol one; `accept UPSTREAM/TOOL` for a tool that changed.";

impl Typed {
    /// # Errors
    /// A sentence that says what is wrong with the line.
    pub(crate) fn read(line: &str) -> Result<Typed, String> {
        let line = line.trim();
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        let (hold, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let after = after.trim();
        let hold_of = |word: &str| {
            if hold.is_empty() {
                Err(format!("`{word}` needs the id of a hold. {HELP}"))
            } else {
                Ok(hold.to_owned())
            }
        };
        match word {
            "" => Ok(Typed::Nothing),
            "approve" => {
                let hold = hold_of(word)?;
                // `approve ID but only if …` is no plain yes.
                if after.is_empty() {
                    Ok(Typed::Approve { hold })
                } else {
                    Err(format!(
                        "`approve` takes one id and nothing after it, not `{after}`; nothing was approved"
                    ))
                }
            }
            "reject" => {
                let reason = (!after.is_empty()).then(|| after.to_owned());
                Ok(Typed::Reject { hold: hold_of(word)?, reason })
            }
            "extend" if after.is_empty() => Ok(Typed::Extend { hold: hold_of(word)? }),
            "prove" if after.is_empty() => Ok(Typed::Prove { hold: hold_of(word)? }),
            "enrol" if rest.is_empty() => {
                Err("`enrol` needs a name for the passkey, to tell it from others later".to_owned())
            }
            "enrol" => Ok(Typed::Enrol { name: rest.to_owned() }),
            "accept" if rest.is_empty() => {
                Err("`accept` needs the tool, as `UPSTREAM/TOOL`; `list` shows those that changed".to_owned())
            }
            "accept" => Ok(Typed::Accept { tool: rest.to_owned() }),
            "list" if rest.is_empty() => Ok(Typed::List),
            "help" | "?" => Ok(Typed::Help),
            _ => Err(format!("`{line}` is not understood. {HELP}")),
        }
    }
}

/// The one hold that `typed` names, whole or by its beginning.
///
/// # Errors
/// A sentence, when it names none or several.
pub(crate) fn find<'a>(typed: &str, holds: impl Iterator<Item = &'a str>) -> Result<&'a str, String> {
    let mut fitting: Vec<&str> = holds.filter(|hold| hold.starts_with(typed)).collect();
    if let Some(exact) = fitting.iter().position(|hold| *hold == typed) {
        return Ok(fitting.swap_remove(exact));
    }
    match fitting.as_slice() {
        [one] if typed.len() > "h-".len() => Ok(one),
        [] => Err(format!("no open hold has the id `{typed}`; `list` shows those that wait")),
        _ => Err(format!("`{typed}` is the beginning of several holds; type more of the id")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vote_is_read_with_its_reason() {
        let reject =
            |reason: Option<&str>| Typed::Reject { hold: "h-a".into(), reason: reason.map(str::to_owned) };
        assert_eq!(Typed::read("approve h-a"), Ok(Typed::Approve { hold: "h-a".into() }));
        assert_eq!(Typed::read("  reject  h-a  too  much \r\n"), Ok(reject(Some("too  much"))));
        assert_eq!(Typed::read("reject h-a"), Ok(reject(None)));
        assert_eq!(Typed::read("extend h-a"), Ok(Typed::Extend { hold: "h-a".into() }));
        assert!(Typed::read("extend").is_err() && Typed::read("extend h-a by a day").is_err());
        assert_eq!(Typed::read("prove h-a"), Ok(Typed::Prove { hold: "h-a".into() }));
        assert_eq!(Typed::read("enrol Blue key"), Ok(Typed::Enrol { name: "Blue key".into() }));
        assert!(Typed::read("prove").is_err() && Typed::read("prove h-a twice").is_err());
        assert!(Typed::read("enrol").is_err());
        assert_eq!(Typed::read("accept a/b c"), Ok(Typed::Accept { tool: "a/b c".into() }));
        assert!(Typed::read("accept").is_err());
        assert_eq!(Typed::read("list"), Ok(Typed::List));
        assert_eq!(Typed::read("  "), Ok(Typed::Nothing));
    }

    #[test]
    fn what_is_not_a_plain_yes_approves_nothing() {
        for line in
            ["approve", "approve h-a not", "aprove h-a", "APPROVE h-a", "yes", "approveh-a", "list h-a"]
        {
            assert!(Typed::read(line).is_err(), "{line}");
        }
        assert_eq!(Typed::read("aprove h-a").unwrap_err(), format!("`aprove h-a` is not understood. {HELP}"));
    }

    #[test]
    fn a_hold_is_named_whole_or_by_a_beginning_that_fits_one() {
        let holds = ["h-abc", "h-abd", "h-abcd"];
        let find = |typed| find(typed, holds.into_iter());
        assert_eq!(find("h-abc"), Ok("h-abc"));
        assert_eq!(find("h-abd"), Ok("h-abd"));
        assert!(find("h-ab").unwrap_err().contains("several"));
        assert!(find("h-x").unwrap_err().contains("no open hold"));
        assert!(
            super::find("h-", ["h-abc"].into_iter()).is_err(),
            "two characters that all ids share name nothing"
        );
    }
}
