//! Tools that a person accepted with another definition than the one they were first seen with.
//!
//! The row in `pins` stays that of the first sight, and says what is pinned now; an entry says what was accepted, and in
//! place of what. `verify` holds the newest of these beside the row, so that an older row of ours does not come back.

use crate::chain::About;
use crate::error::BadEntry;
use crate::pins::{self, PinRow};
use crate::read::{COLUMNS, Kept};
use crate::seal::Opening;
use crate::sides::{bad, damaged};
use crate::write::Durability;
use crate::{Journal, JournalError};
use policy::{DefinitionHash, Value};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

pub(crate) const ACCEPTED: &str = "tool_accepted";

#[derive(Serialize, Deserialize)]
struct AcceptedBody {
    upstream: String,
    tool: String,
    hash: DefinitionHash,
    /// What was pinned until then.
    before: DefinitionHash,
}

impl Journal {
    /// A person accepted another definition in place of the pinned one, which is `before`: it is pinned from now on, on
    /// the disk with its entry before this returns. False where another one is pinned by now.
    ///
    /// # Errors
    /// As [`Journal::pin`]; what was pinned stays then.
    pub fn accept_pin(
        &self,
        upstream: &str,
        tool: &str,
        before: DefinitionHash,
        definition: &Value,
    ) -> Result<bool, JournalError> {
        let Some((pinned, row)) = self.checked_pin(upstream, tool)? else { return Ok(false) };
        if pinned != before {
            return Ok(false);
        }
        let hash = DefinitionHash::of(definition);
        let body = AcceptedBody { upstream: upstream.to_owned(), tool: tool.to_owned(), hash, before };
        self.write(Durability::Synced, |draft| {
            // It stays the row of the entry that says when the tool was first seen.
            let definition = definition.to_json();
            let row = PinRow { hash: hash.0.to_vec(), definition, at: draft.now.0, ..row };
            let code = row.code(draft.binder);
            let changed = draft
                .sql
                .prepare_cached("UPDATE pins SET hash = ?3, definition = ?4, at = ?5, mac = ?6 WHERE upstream = ?1 AND tool = ?2 AND hash = ?7")?
                .execute(params![upstream, tool, row.hash, row.definition, row.at, code, before.0])?;
            if changed == 1 {
                draft.append(ACCEPTED, About::default(), &body)?;
            }
            Ok(changed == 1)
        })
    }
}

/// Every pin that was accepted is the one that was accepted last. What another root key sealed nobody can read.
pub(crate) fn check(sql: &Connection, journal: &Journal, accepted: &[u64]) -> Result<(), BadEntry> {
    const PART: &str = "pin";
    let mut seqs = accepted.to_vec();
    seqs.sort_unstable();
    let mut newest: HashMap<(String, String), DefinitionHash> = HashMap::new();
    for seq in seqs {
        let entry = sql
            .prepare_cached(&format!("SELECT {COLUMNS} FROM entries e WHERE e.seq = ?1"))
            .and_then(|mut statement| statement.query_row(params![seq], Kept::from_row))
            .map_err(damaged(PART))?;
        if matches!(entry.open(&journal.seals), Opening::OtherKey) {
            continue;
        }
        let unreadable = |error: JournalError| bad(PART, seq, &error.to_string());
        let body: AcceptedBody = entry.read(&journal.seals).map_err(unreadable)?;
        newest.insert((body.upstream, body.tool), body.hash);
    }
    for row in pins::rows(sql).map_err(damaged(PART))? {
        if let Some(hash) = newest.get(&(row.upstream, row.tool))
            && row.hash != hash.0
        {
            return Err(bad(PART, row.seq, "what is pinned is not what was accepted last"));
        }
    }
    Ok(())
}
