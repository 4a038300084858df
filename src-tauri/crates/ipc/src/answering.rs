//! The answers to a hold beside approve and reject, and the list of grants: asked of the engine, put into the shapes
//! of [`answers`](crate::answers).

use crate::answers::{
    Answers, AnswersRequest, EditRequest, GrantBound, GrantBoundKind, GrantChoice, GrantChoices, GrantName,
    GrantOffer, GrantPreview, GrantRequest, GrantRow, GrantScopeRow, GrantState, GrantTerms, PastCall,
    ProofChoices,
};
use crate::host::{Host, blocking};
use crate::wire::{IpcError, Nothing, VoteReceipt};
use approvals::{Bound, Choice, GrantMaker, HoldId, Limit, Means};
use gateway::desk::Ballot;
use gateway::grants::{self, bound_words, sentence};
use gateway::{Engine, card, visible};
use policy::{CallDigest, Timestamp, UserId, Value};
use std::sync::Arc;

/// A call with more arguments than this is no ground for a grant: nobody reads as many limits.
const MOST_LIMITS: usize = 200;

impl Host {
    pub(crate) async fn answers(&self, request: AnswersRequest) -> Result<Answers, IpcError> {
        let engine = Arc::clone(self.engine()?);
        let (hold, _) = named(&request.hold, &request.digest)?;
        let maker = maker(&engine)?;
        let standing = engine.desk().standing(&hold)?;
        let (offer, no_grant) = engine.grant_offer(&hold, &maker)?;
        let people = engine.sets().current();
        let mut answers = Answers {
            voter: people.people.owner().map(|owner| owner.name.clone()).unwrap_or_default(),
            extend_until: standing.extended.map(|at| at.0),
            proof: engine
                .proof_offer(&hold)
                .map(|offer| ProofChoices { passkey: offer.passkey, passphrase: offer.passphrase }),
            no_grant: no_grant.as_ref().map(|why| said(&why.to_string())),
            ..Answers::default()
        };
        match standing.editable {
            Ok(arguments) => answers.edit = Some(arguments.to_json()),
            Err(why) => answers.no_edit = Some(said(&why.to_string())),
        }
        if offer.rows.len() > MOST_LIMITS {
            answers.no_grant =
                Some("It has more arguments than anybody would look through for a grant.".to_owned());
        } else {
            answers.grant = no_grant.is_none().then(|| offered(offer));
        }
        Ok(answers)
    }

    pub(crate) async fn extend(&self, request: AnswersRequest) -> Result<VoteReceipt, IpcError> {
        let engine = Arc::clone(self.engine()?);
        let (hold, _) = named(&request.hold, &request.digest)?;
        let owner = owner(&engine)?;
        Ok(receipt(blocking(move || engine.desk().extend(&hold, &owner)).await??))
    }

    pub(crate) async fn approve_edited(&self, request: EditRequest) -> Result<VoteReceipt, IpcError> {
        let engine = Arc::clone(self.engine()?);
        let (hold, digest) = named(&request.hold, &request.digest)?;
        let arguments = Value::parse(request.arguments.as_bytes()).map_err(|error| {
            IpcError::new(
                "bad_arguments",
                format!("the arguments are not JSON: {error}"),
                "mend what you typed; nothing was sent",
            )
        })?;
        let owner = owner(&engine)?;
        let edited = move || engine.approve_edited(&hold, digest, arguments, (Means::Window, &owner), None);
        Ok(receipt(blocking(edited).await??))
    }

    pub(crate) async fn preview_grant(&self, request: GrantRequest) -> Result<GrantPreview, IpcError> {
        let engine = Arc::clone(self.engine()?);
        let (hold, _) = named(&request.hold, &request.digest)?;
        let (terms, maker) = (terms(request.terms)?, maker(&engine)?);
        let preview = blocking(move || engine.preview_grant(&hold, terms, &maker)).await??;
        let covered = preview.covered.into_iter().map(|call| PastCall {
            seq: call.seq,
            at: call.at.0,
            summary: card::summary(&call.call.arguments),
            outcome: call.outcome.into(),
        });
        Ok(GrantPreview {
            sentence: preview.sentence,
            loosening: preview.is_loosening,
            problem: preview.problem.map(|why| said(&why.to_string())),
            covered: covered.collect(),
            covered_calls: u32::try_from(preview.covered_calls).unwrap_or(u32::MAX),
            of_calls: u32::try_from(preview.of_calls).unwrap_or(u32::MAX),
        })
    }

    pub(crate) async fn grant(&self, request: GrantRequest) -> Result<VoteReceipt, IpcError> {
        let engine = Arc::clone(self.engine()?);
        let (hold, digest) = named(&request.hold, &request.digest)?;
        let (terms, maker) = (terms(request.terms)?, maker(&engine)?);
        let by = maker.by.clone();
        let ballot = Ballot { hold, digest, choice: Choice::Approve, means: Means::Window, by, proof: None };
        Ok(receipt(engine.approve_and_grant(ballot, terms, maker).await?))
    }

    pub(crate) async fn grants(&self, _: Nothing) -> Result<Vec<GrantRow>, IpcError> {
        let engine = Arc::clone(self.engine()?);
        blocking(move || rows(&engine)).await
    }

    pub(crate) async fn revoke_grant(&self, request: GrantName) -> Result<Vec<GrantRow>, IpcError> {
        let engine = Arc::clone(self.engine()?);
        let gone =
            || IpcError::new("no_grant", "there is no such grant any more", "the list shows those there are");
        let grant = request.id.parse().map_err(|_| gone())?;
        let owner = owner(&engine)?;
        blocking(move || {
            engine.desk().revoke(&grant, Some(&owner), "revoked in the window")?;
            Ok(rows(&engine))
        })
        .await?
    }
}

impl From<grants::GrantError> for IpcError {
    fn from(error: grants::GrantError) -> IpcError {
        match error {
            grants::GrantError::Vote(error) => error.into(),
            grants::GrantError::Ceremony(error) => error.into(),
            error @ grants::GrantError::BrokenOff => IpcError::broken("internal", error.to_string()),
        }
    }
}

fn named(hold: &str, digest: &str) -> Result<(HoldId, CallDigest), IpcError> {
    let digest = CallDigest::try_from(digest.to_owned())
        .map_err(|error| IpcError::broken("bad_request", error.to_string()))?;
    Ok((hold.parse().map_err(|_| IpcError::gone(hold))?, digest))
}

fn owner(engine: &Engine) -> Result<UserId, IpcError> {
    engine.owner_id().ok_or_else(|| {
        IpcError::new(
            "no_owner",
            "this home has no owner who could vote",
            "mark one user as `owner` in people.toml",
        )
    })
}

fn maker(engine: &Engine) -> Result<GrantMaker, IpcError> {
    Ok(engine.grant_maker(owner(engine)?, Means::Window, engine.presence().is_locked())?)
}

fn receipt(receipt: gateway::desk::VoteReceipt) -> VoteReceipt {
    VoteReceipt { hold: receipt.hold.to_string(), state: receipt.card.state, message: receipt.message }
}

/// An error's words as a sentence.
fn said(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

fn terms(terms: GrantTerms) -> Result<approvals::GrantTerms, IpcError> {
    let scope = terms
        .scope
        .into_iter()
        .map(|limit| Ok(Limit { bound: bound(&limit.bound, &limit.argument)?, argument: limit.argument }));
    Ok(approvals::GrantTerms {
        scope: scope.collect::<Result<_, IpcError>>()?,
        project: terms.project,
        until: Timestamp(terms.until),
        session: terms.session,
        uses: terms.uses,
    })
}

fn bound(bound: &GrantBound, argument: &str) -> Result<Bound, IpcError> {
    let bad = |what: &str| {
        IpcError::new(
            "bad_bound",
            format!("the bound of `{argument}` needs {what}"),
            "type it again, or choose another bound",
        )
    };
    let text = || bound.value.clone().filter(|text| !text.is_empty()).ok_or_else(|| bad("a text"));
    let json = || Value::parse(text()?.as_bytes()).map_err(|_| bad("a value in JSON"));
    Ok(match bound.kind {
        GrantBoundKind::Exactly => Bound::Exactly(json()?),
        GrantBoundKind::OneOf => match json()? {
            Value::List(values) if !values.is_empty() => Bound::OneOf(values),
            _ => return Err(bad("a list of values")),
        },
        GrantBoundKind::Prefix => Bound::Prefix(text()?),
        GrantBoundKind::Within => Bound::Within(text()?),
        GrantBoundKind::UpTo => match json()? {
            number @ Value::Number(_) => Bound::UpTo(number),
            _ => return Err(bad("a number")),
        },
        GrantBoundKind::Any => Bound::Any,
    })
}

fn wire_bound(bound: &Bound) -> GrantBound {
    let (kind, value) = match bound {
        Bound::Exactly(value) => (GrantBoundKind::Exactly, Some(value.to_json())),
        Bound::OneOf(values) => (GrantBoundKind::OneOf, Some(Value::List(values.clone()).to_json())),
        Bound::Prefix(start) => (GrantBoundKind::Prefix, Some(start.clone())),
        Bound::Within(folder) => (GrantBoundKind::Within, Some(folder.clone())),
        Bound::UpTo(most) => (GrantBoundKind::UpTo, Some(most.to_json())),
        Bound::Any => (GrantBoundKind::Any, None),
    };
    GrantBound { kind, value }
}

fn offered(offer: grants::Offer) -> GrantOffer {
    let scope = offer.rows.into_iter().map(|row| GrantChoices {
        title: row.title,
        choices: row
            .choices
            .into_iter()
            .map(|choice| GrantChoice {
                bound: wire_bound(&choice.bound),
                words: choice.words,
                editable: choice.is_editable,
            })
            .collect(),
        argument: row.argument,
    });
    GrantOffer { scope: scope.collect(), project: offer.project, session: offer.session }
}

fn rows(engine: &Engine) -> Vec<GrantRow> {
    let people = engine.sets().current();
    let name_of =
        |id: &UserId| people.people.get(id).map_or_else(|| id.to_string(), |user| user.name.clone());
    let row = |listed: grants::Listed| {
        let grants::Listed { recorded, state, origin } = listed;
        let grant = &recorded.grant;
        let scope = grant.scope.iter().map(|limit| GrantScopeRow {
            argument: visible::marked(&limit.argument),
            words: bound_words(&limit.bound),
        });
        GrantRow {
            id: grant.id.to_string(),
            agent: grant.agent.to_string(),
            user: name_of(&grant.user),
            upstream: grant.upstream.to_string(),
            tool: visible::marked(grant.tool.as_str()),
            sentence: sentence(grant),
            scope: scope.collect(),
            project: grant.project.clone(),
            session: grant.session.is_some(),
            made_by: format!("{}, {}", name_of(&grant.by), card::means_words(grant.means)),
            made_at: grant.made_at.0,
            origin,
            until: grant.until.0,
            hits: recorded.hits,
            uses_left: grant.uses.map(|most| most.saturating_sub(recorded.hits)),
            last_used: recorded.last_used.map(|at| at.0),
            state: match state {
                grants::State::InForce => GrantState::InForce,
                grants::State::Expired => GrantState::Expired,
                grants::State::UsedUp => GrantState::UsedUp,
                grants::State::Revoked => GrantState::Revoked,
                grants::State::Void => GrantState::Void,
            },
        }
    };
    engine.grants().into_iter().map(row).collect()
}
