//! Changes of the set that a person confirms with a passkey, where they need one: the page shows what is changed, and
//! the assertion that comes back is the signature under the new set.

use crate::ceremony::{Agreement, CeremonyError};
use crate::engine::Engine;
use crate::home::{AgentBook, BookError, BookPage, Token, UpstreamBook, UpstreamConfig};
use crate::sets::{Book, BookDraft, Bundle, SetError, Signature};
use crate::together::NotReady;
use policy::{AgentName, Mode, PolicyId, UserId};
use std::sync::Arc;
use stepup::Purpose;

/// Most changes listed one by one on the page.
const LISTED: usize = 12;

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    #[error(transparent)]
    Set(#[from] SetError),
    #[error(transparent)]
    Book(#[from] BookError),
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    #[error("{0}")]
    NotReady(#[from] NotReady),
    #[error("the change was broken off")]
    BrokenOff,
}

impl SigningError {
    /// Stable, for the window.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            SigningError::Set(error) => error.code(),
            SigningError::Book(error) => error.code(),
            SigningError::Ceremony(error) => error.code(),
            SigningError::NotReady(error) => error.code(),
            SigningError::BrokenOff => "internal",
        }
    }

    /// The next step.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            SigningError::Set(error) => error.hint(),
            SigningError::Book(error) => error.hint(),
            SigningError::NotReady(error) => error.hint(),
            SigningError::Ceremony(_) | SigningError::BrokenOff => {
                "nothing was changed; do it again, and use a passkey on the page that opens".to_owned()
            }
        }
    }
}

impl Engine {
    /// Applies the change of files that waits; with a passkey where it needs one.
    ///
    /// # Errors
    /// Nothing was changed then.
    pub async fn confirm_change(self: &Arc<Self>, hash: String) -> Result<(), SigningError> {
        let waiting = self.sets().waiting().filter(|waiting| waiting.hash == hash).ok_or(SetError::Stale)?;
        let signature = self.signature_for(waiting.bundle, "Apply the change that waits").await?;
        self.blocking(move |engine| engine.sets().confirm_signed(&hash, signature).map(drop)).await
    }

    /// Changes the mode of a policy in the window; with a passkey where it needs one.
    ///
    /// # Errors
    /// Nothing was changed then.
    pub async fn change_mode(self: &Arc<Self>, id: PolicyId, mode: Mode) -> Result<(), SigningError> {
        let bundle = self.sets().with_mode(&id, mode)?;
        let signature = self.signature_for(bundle, &format!("Change the mode of the policy {id}")).await?;
        self.blocking(move |engine| engine.sets().set_mode_signed(&id, mode, signature).map(drop)).await
    }

    /// Puts a document in its place or takes it away; with a passkey where it needs one.
    ///
    /// # Errors
    /// Nothing was changed then.
    pub async fn change_document(
        self: &Arc<Self>,
        path: String,
        started_from: Option<String>,
        text: Option<String>,
    ) -> Result<(), SigningError> {
        let bundle = self.sets().with_document(&path, text.as_deref());
        let signature = self.signature_for(bundle, &format!("Change {path}")).await?;
        self.blocking(move |engine| {
            engine.sets().put_document_signed(&path, started_from.as_deref(), text, signature).map(drop)
        })
        .await
    }

    /// Signs what is in force as it stands, once the first passkey is there: from then on nothing is loosened without
    /// one.
    ///
    /// # Errors
    /// It is as unsigned as before then.
    pub async fn sign_set(self: &Arc<Self>) -> Result<(), SigningError> {
        let bundle = self.sets().current().bundle.clone();
        let Some(signature) = self.signature_for(bundle, "Sign the policies that are in force").await? else {
            return Ok(());
        };
        self.blocking(move |engine| engine.sets().sign(signature).map(drop)).await
    }

    /// Pairs an agent in the window; with a passkey where it needs one. The token is given once.
    ///
    /// # Errors
    /// Nothing was changed then.
    pub async fn connect_agent(
        self: &Arc<Self>,
        name: AgentName,
        user: UserId,
    ) -> Result<Token, SigningError> {
        self.must_know(&user)?;
        let title = format!("Connect the agent {name}");
        let edit = move |[book]: [&BookPage; 1]| AgentBook::load(book)?.add(name, user);
        self.change_signed([Book::Agents], title, edit, || Ok(())).await
    }

    /// Lets one more program call as an agent; with a passkey where it needs one.
    ///
    /// # Errors
    /// Nothing was changed then.
    pub async fn admit_program(
        self: &Arc<Self>,
        agent: AgentName,
        program: String,
    ) -> Result<(), SigningError> {
        self.must_have_called(&agent, &program)?;
        let title = format!("Let the program {program} call as {agent}");
        let (name, path) = (agent.clone(), program.clone());
        let edit =
            move |[book]: [&BookPage; 1]| AgentBook::load(book)?.add_program(name.as_str(), &path, false);
        let is_written = self.change_signed([Book::Agents], title, edit, || Ok(())).await?;
        // Where nothing is in force it waits with the rest.
        if is_written && self.waits_in(Book::Agents).is_empty() {
            self.program_accepted(&agent, &program);
        }
        Ok(())
    }

    /// Adds an upstream in the window; with a passkey where it needs one.
    ///
    /// # Errors
    /// Nothing was changed then.
    pub async fn connect_upstream(self: &Arc<Self>, config: UpstreamConfig) -> Result<(), SigningError> {
        let title = format!("Add the upstream {}", config.name);
        let edit = move |[book]: [&BookPage; 1]| UpstreamBook::load(book)?.add(config);
        self.change_signed([Book::Upstreams], title, edit, || Ok(())).await
    }

    /// Removes an upstream in the window; with a passkey where it needs one.
    ///
    /// # Errors
    /// Nothing was changed then.
    pub async fn drop_upstream(self: &Arc<Self>, name: String) -> Result<(), SigningError> {
        let title = format!("Remove the upstream {name}");
        let edit = move |[book]: [&BookPage; 1]| UpstreamBook::load(book)?.remove(&name);
        self.change_signed([Book::Upstreams], title, edit, || Ok(())).await
    }

    /// A change of books, made aside, signed, and only then in force and on the disk, with `first` done just before.
    /// Where nothing is in force it is written to the files and waits with the rest.
    pub(crate) async fn change_signed<T: Send + 'static, const N: usize>(
        self: &Arc<Self>,
        books: [Book; N],
        title: String,
        edit: impl FnOnce([&BookPage; N]) -> Result<T, BookError> + Send + 'static,
        first: impl FnOnce() -> Result<(), SigningError> + Send + 'static,
    ) -> Result<T, SigningError> {
        let engine = Arc::clone(self);
        if self.sets().current().problem.is_some() {
            let written = tokio::task::spawn_blocking(move || {
                let pages = books.map(|book| BookPage::from(engine.path_of(book)));
                let value = engine.sets().write_unconfirmed(|| edit(pages.each_ref()))?;
                engine.follow_books();
                Ok::<_, BookError>(value)
            });
            return Ok(written.await.map_err(|_| SigningError::BrokenOff)??);
        }
        let draft = tokio::task::spawn_blocking(move || engine.sets().draft_books(books, edit));
        let draft: BookDraft<T> = draft.await.map_err(|_| SigningError::BrokenOff)??;
        let signature = self.signature_for(draft.bundle.clone(), &title).await?;
        let engine = Arc::clone(self);
        let put = tokio::task::spawn_blocking(move || {
            let value = engine.sets().put_books(draft, signature, first)?;
            engine.set_changed();
            Ok::<_, SigningError>(value)
        });
        put.await.map_err(|_| SigningError::BrokenOff)?
    }

    fn path_of(&self, book: Book) -> std::path::PathBuf {
        match book {
            Book::Agents => self.home().agents_path(),
            Book::Upstreams => self.home().upstreams_path(),
        }
    }

    /// None where none is needed.
    pub(crate) async fn signature_for(
        self: &Arc<Self>,
        bundle: Bundle,
        title: &str,
    ) -> Result<Option<Signature>, CeremonyError> {
        let reasons = self.sets().needs_proof(&bundle);
        if reasons.is_empty() {
            return Ok(None);
        }
        let mut lines: Vec<(String, String)> =
            reasons.iter().take(LISTED).map(|reason| ("Because".to_owned(), reason.to_string())).collect();
        if reasons.len() > LISTED {
            lines.push(("And".to_owned(), format!("{} changes more", reasons.len() - LISTED)));
        }
        lines.push(("New set".to_owned(), bundle.hash()));
        let hash = self.sets().to_sign(&bundle).hash();
        let agreement = Agreement { purpose: Purpose::SignSet, hash, title: title.to_owned(), lines };
        Ok(self.require_proof(agreement).await?.map(|presence| Signature(presence.evidence)))
    }

    pub(crate) async fn blocking(
        self: &Arc<Self>,
        change: impl FnOnce(&Engine) -> Result<(), SetError> + Send + 'static,
    ) -> Result<(), SigningError> {
        let engine = Arc::clone(self);
        let changed = tokio::task::spawn_blocking(move || {
            change(&engine)?;
            engine.set_changed();
            Ok(())
        });
        changed.await.map_err(|_| SigningError::BrokenOff)?
    }
}
