//! Packs: shipped ones and folders, looked at and tried on the calls on record before they are added. Nothing that is
//! there is ever overwritten: a file of the same name stays.

use super::pack_wire::{
    AddPackRequest, ExportPoliciesRequest, ExportedPolicies, PackAdded, PackEffectRequest, PackFile,
    PackFileState, PackRequest, PackRow, PackSource, PackView,
};
use super::wire::BacktestView;
use super::{Desk, history, proof};
use crate::host::Host;
use crate::wire::{IpcError, Nothing};
use gateway::DocumentEdit;
use gateway::home::{PACKS, Pack, read_documents, write_documents};
use policy::authored::Authored;
use policy::{Documents, Mode, PolicySet};
use std::collections::BTreeSet;
use std::path::Path;
use tokio::runtime::Handle;

/// A pack as it was read.
struct Source {
    title: String,
    page: String,
    documents: Documents,
}

impl Host {
    pub(crate) async fn packs(&self, _: Nothing) -> Result<Vec<PackRow>, IpcError> {
        self.at_desk(|desk| {
            let in_force = &desk.in_force.bundle.documents;
            let row = |pack: &Pack| {
                let source = shipped(*pack);
                let policies: Vec<(&str, &str)> =
                    source.documents.iter().filter(|(path, _)| is_policy(path)).collect();
                let there = policies.iter().filter(|(path, text)| is_there(in_force, path, text)).count();
                PackRow {
                    name: pack.name.to_owned(),
                    words: words(&source.page),
                    title: source.title,
                    policies: policies.len(),
                    there,
                }
            };
            Ok(PACKS.iter().map(row).collect())
        })
        .await
    }

    pub(crate) async fn pack(&self, request: PackRequest) -> Result<PackView, IpcError> {
        self.at_desk(move |desk| {
            let source = read(&request.source)?;
            view(desk, source, request.with_default)
        })
        .await
    }

    pub(crate) async fn pack_effect(&self, request: PackEffectRequest) -> Result<BacktestView, IpcError> {
        self.at_desk(move |desk| {
            let source = read(&request.source)?;
            let after =
                desk.engine.sets().with_documents(&edits(desk, &source, request.with_default, false)?);
            let set = PolicySet::compile(&after.documents).map_err(|errors| {
                let told = errors.first().map(ToString::to_string).unwrap_or_default();
                IpcError::new("set_invalid", told, "mend the pack's file, then look again")
            })?;
            let sets = (&desk.in_force.set, &set);
            Ok(history::backtest(desk.engine.journal(), sets, None, request.so_far)?)
        })
        .await
    }

    pub(crate) async fn add_pack(&self, request: AddPackRequest) -> Result<PackAdded, IpcError> {
        self.at_desk(move |desk| {
            let source = read(&request.source)?;
            if as_text(&source.documents) != request.seen {
                let message = "a file of the folder is another one by now";
                return Err(IpcError::new("changed", message, "look at it again, then add it"));
            }
            let edits = edits(desk, &source, request.with_default, request.observe)?;
            let added: Vec<String> = edits.iter().map(|edit| edit.path.clone()).collect();
            if added.is_empty() {
                let message = "everything in it is there already";
                return Err(IpcError::new("nothing_to_add", message, "look at the policies instead"));
            }
            let mut kept = Vec::new();
            for (path, text) in source.documents.iter() {
                if state(desk, path, text, request.with_default)? == PackFileState::Kept {
                    kept.push(path.to_owned());
                }
            }
            let title = format!("Add the pack {}", source.title);
            Handle::current().block_on(desk.engine.change_documents(&title, edits))?;
            Ok(PackAdded { added, kept })
        })
        .await
    }

    /// The set in force as one text.
    pub(crate) async fn policies_text(&self, _: Nothing) -> Result<ExportedPolicies, IpcError> {
        self.at_desk(|desk| {
            let documents = &desk.in_force.bundle.documents;
            Ok(ExportedPolicies { files: documents.len(), text: as_text(documents) })
        })
        .await
    }

    /// Writes the set in force into a folder in which nothing is yet.
    pub(crate) async fn export_policies(
        &self,
        request: ExportPoliciesRequest,
    ) -> Result<ExportedPolicies, IpcError> {
        self.at_desk(move |desk| {
            let folder = whole_path(&request.folder)?;
            let is_empty = std::fs::read_dir(folder).map_or(!folder.exists(), |mut all| all.next().is_none());
            if !is_empty {
                let message = format!("`{}` is not an empty folder", request.folder);
                return Err(IpcError::new("not_empty", message, "name a folder that is not there yet"));
            }
            std::fs::create_dir_all(folder).map_err(|error| {
                let message = format!("`{}` cannot be made: {error}", request.folder);
                IpcError::new("not_written", message, "name another folder")
            })?;
            let documents = &desk.in_force.bundle.documents;
            write_documents(folder, documents)
                .map_err(|error| IpcError::new(error.code(), error.to_string(), error.hint()))?;
            Ok(ExportedPolicies { files: documents.len(), text: as_text(documents) })
        })
        .await
    }
}

fn shipped(pack: Pack) -> Source {
    let page = pack.files.iter().find(|(path, _)| *path == "README.md").map_or("", |(_, text)| *text);
    let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
    Source {
        title: title(page).unwrap_or_else(|| pack.name.to_owned()),
        page: page.to_owned(),
        documents: pack.files.iter().filter(|(path, _)| Documents::takes(path)).map(owned).collect(),
    }
}

fn read(source: &PackSource) -> Result<Source, IpcError> {
    match source {
        PackSource::Shipped { name } => Pack::named(name).map(shipped).ok_or_else(|| {
            IpcError::new("no_pack", format!("there is no pack `{name}`"), "look at the list again")
        }),
        PackSource::Folder { path } => {
            let folder = whole_path(path)?;
            let documents = read_documents(folder)
                .map_err(|error| IpcError::new(error.code(), error.to_string(), error.hint()))?;
            if documents.is_empty() {
                let message = format!("`{path}` has no policies in it");
                return Err(IpcError::new(
                    "no_pack",
                    message,
                    "name a folder with `*.toml` files of policies",
                ));
            }
            let page = std::fs::read_to_string(folder.join("README.md")).unwrap_or_default();
            let named = folder.file_name().map(|name| name.to_string_lossy().into_owned());
            let title = title(&page).or(named).unwrap_or_else(|| path.clone());
            Ok(Source { title, page, documents })
        }
    }
}

fn whole_path(path: &str) -> Result<&Path, IpcError> {
    let folder = Path::new(path.trim());
    if folder.is_absolute() {
        return Ok(folder);
    }
    Err(IpcError::new("not_whole", format!("`{path}` is not a whole path"), "begin it with `/`"))
}

/// What adding it would write: only what is not there yet.
fn edits(
    desk: &Desk,
    source: &Source,
    with_default: bool,
    observe: bool,
) -> Result<Vec<DocumentEdit>, IpcError> {
    let mut edits = Vec::new();
    for (path, text) in source.documents.iter() {
        if state(desk, path, text, with_default)? != PackFileState::New {
            continue;
        }
        let text = if observe && is_policy(path) { observed(path, text)? } else { text.to_owned() };
        let started_from = desk.in_force.bundle.documents.get(path).map(str::to_owned);
        edits.push(DocumentEdit { path: path.to_owned(), started_from, text: Some(text) });
    }
    Ok(edits)
}

fn state(desk: &Desk, path: &str, text: &str, with_default: bool) -> Result<PackFileState, IpcError> {
    let in_force = &desk.in_force.bundle.documents;
    // A file that waits for its confirmation is somebody's work, too.
    let waits = desk.engine.sets().on_disk(path)?.as_deref() != in_force.get(path);
    Ok(match in_force.get(path) {
        Some(known) if known == text || is_there(in_force, path, text) => PackFileState::There,
        _ if waits => PackFileState::Kept,
        // The one file that is replaced, and only where that was asked for.
        _ if path == "set.toml" => {
            if with_default {
                PackFileState::New
            } else {
                PackFileState::LeftOut
            }
        }
        None => PackFileState::New,
        Some(_) => PackFileState::Kept,
    })
}

fn is_policy(path: &str) -> bool {
    !path.contains('/') && path != "set.toml"
}

/// The same but for its mode.
fn is_there(in_force: &Documents, path: &str, text: &str) -> bool {
    let Some(known) = in_force.get(path) else { return false };
    let read =
        |text: &str| Authored::read(path, text).ok().map(|read| Authored { mode: Mode::Enforce, ..read });
    known == text || (is_policy(path) && read(known).is_some_and(|known| Some(known) == read(text)))
}

/// The same policy, only recording what it would have done.
fn observed(path: &str, text: &str) -> Result<String, IpcError> {
    let bad = |error: policy::DocumentError| IpcError::new("set_invalid", error.to_string(), "mend the file");
    let read = Authored::read(path, text).map_err(bad)?;
    if read.mode != Mode::Enforce {
        return Ok(text.to_owned());
    }
    Authored { mode: Mode::Observe, ..read }.write(path, text).map_err(bad)
}

fn view(desk: &Desk, source: Source, with_default: bool) -> Result<PackView, IpcError> {
    let sets = desk.engine.sets();
    let alone = PolicySet::compile(&source.documents);
    let after = sets.with_documents(&edits(desk, &source, with_default, false)?);
    let problems = match PolicySet::compile(&after.documents) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    };
    let proof = |observe: bool| -> Result<Vec<String>, IpcError> {
        let edits = edits(desk, &source, with_default, observe)?;
        let free = edits.is_empty();
        Ok(if free { Vec::new() } else { proof::reasons(&sets.needs_proof(&sets.with_documents(&edits))) })
    };
    let (proof_enforced, proof_observed) = (proof(false)?, proof(true)?);
    let connected: BTreeSet<String> =
        desk.engine.upstreams().iter().map(|row| row.name.to_string()).collect();
    let (mut absent, mut default) = (BTreeSet::new(), None);
    if let Ok(set) = &alone {
        for tool in set.policies().flat_map(|policy| &policy.target.tools) {
            let name = tool.trim_start_matches('!').split('/').next().unwrap_or_default();
            if !name.contains(['*', '?']) && !connected.contains(name) {
                absent.insert(name.to_owned());
            }
        }
        let has_one = source.documents.get("set.toml").is_some();
        if has_one && set.default_action() != desk.in_force.set.default_action() {
            default = Some(set.default_sentence());
        }
    }
    let mut states = Vec::new();
    for (path, text) in source.documents.iter() {
        states.push(state(desk, path, text, with_default)?);
    }
    let files = source.documents.iter().zip(states).map(|((path, text), state)| {
        let id = path.strip_suffix(".toml").unwrap_or(path);
        let policy = alone
            .as_ref()
            .ok()
            .filter(|_| is_policy(path))
            .and_then(|set| id.parse().ok().and_then(|id| set.policy(&id)));
        let flow = alone.as_ref().ok().and_then(|set| {
            path.strip_prefix("flows/")?.strip_suffix(".toml")?.parse().ok().and_then(|id| set.flow(&id))
        });
        let context = alone.as_ref().ok().and_then(|set| {
            let id = path.strip_prefix("contexts/")?.strip_suffix(".toml")?;
            set.contexts().find(|(known, ..)| known.as_str() == id)
        });
        let (name, sentence) = match (policy, flow, &context) {
            (Some(policy), ..) => (policy.name.clone(), policy.sentence()),
            (_, Some(flow), _) => (flow.name.clone(), flow.sentence()),
            (.., Some((_, name, words))) => ((*name).to_owned(), words.clone()),
            _ if path == "set.toml" => {
                let told = alone.as_ref().map(PolicySet::default_sentence).unwrap_or_default();
                ("The default".to_owned(), told)
            }
            _ => (path.to_owned(), String::new()),
        };
        PackFile {
            path: path.to_owned(),
            name,
            sentence,
            action: policy.map(|policy| policy.action.kind),
            state,
            text: text.to_owned(),
        }
    });
    Ok(PackView {
        files: files.collect(),
        default,
        absent: absent.into_iter().collect(),
        problems,
        proof_enforced,
        proof_observed,
        text: as_text(&source.documents),
        title: source.title,
        page: source.page,
    })
}

/// Every file after the other, each behind its path.
fn as_text(documents: &Documents) -> String {
    let mut text = String::new();
    for (path, content) in documents.iter() {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("# ==== {path} ====\n{content}"));
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    text
}

fn title(page: &str) -> Option<String> {
    Some(page.lines().next()?.strip_prefix("# ")?.trim().to_owned())
}

/// The first paragraph below the title, without marks.
fn words(page: &str) -> String {
    let lines = page.lines().skip_while(|line| line.starts_with('#') || line.trim().is_empty());
    let paragraph: Vec<&str> = lines.take_while(|line| !line.trim().is_empty()).map(str::trim).collect();
    paragraph.join(" ")
}
