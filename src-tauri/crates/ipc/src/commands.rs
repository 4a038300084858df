//! The declared list of everything the window may ask. The dispatcher and the TypeScript schema are made from
//! this one list, so that neither can know a command the other does not.

use crate::activity_counts::{CountsRequest, CountsView, TraceRequest, TraceView};
use crate::answers::{Answers, AnswersRequest, EditRequest, GrantName, GrantPreview, GrantRequest, GrantRow};
use crate::authoring::flow_wire::{
    DeleteFlowRequest, FlowDraft, FlowDraftRequest, FlowDraftView, FlowsView, OpenFlowRequest,
};
use crate::authoring::pack_wire::{
    AddPackRequest, ExportPoliciesRequest, ExportedPolicies, PackAdded, PackEffectRequest, PackRequest,
    PackRow, PackView,
};
use crate::authoring::people_wire::{PeopleDraft, PeopleRequest, PeopleView};
use crate::authoring::tried_wire::{PatternRequest, PatternView, WhatIfRequest, WhatIfView};
use crate::authoring::wire::{
    BacktestRequest, BacktestView, Catalogue, CatalogueRequest, DeleteRequest, Deleted, Draft, DraftRequest,
    DraftView, MendRequest, OpenDraftRequest, RestoreRequest, SaveRequest, Saved,
};
use crate::backups::{BackupMade, BackupRequest};
use crate::changed_tools::{AcceptToolRequest, ChangedToolRow};
use crate::connecting::{ConnectPlan, Connected, Disconnected, NewUpstream, PastedRequest};
use crate::exporting::{ExportRequest, ExportView};
use crate::host::Host;
use crate::passphrase::{PassphraseRequest, RemovePassphraseRequest, SetPassphraseRequest};
use crate::security::{CeremonyStarted, EnrolRequest, PasskeyRemoved, PasskeyRequest, SecurityView};
use crate::settings::{LogView, SettingChange, SettingSaved, SettingsView};
use crate::signed::{ProofAnswer, ProofQuestion};
use crate::together::{Similar, VoteOutcome, VotesRequest};
use crate::wire::{
    AcceptProgramRequest, ActivityPage, ActivityRequest, AddAgentRequest, AddUpstreamRequest, AgentsView,
    CardRequest, ChangeRequest, InboxRow, IpcError, NameRequest, NewAgent, Nothing, Overview, PoliciesView,
    PolicyModeRequest, PracticeCallRequest, Started, UpstreamRow, VoteReceipt, VoteRequest, WaitLimitRequest,
};
use gateway::card::Card;
use gateway::connecting::{Choice, FoundAgent};
use serde_json::Value;
use ts_rs::{Config, TS};

/// What the approval window may ask: to show one hold and to answer it. What reaches further is the main window's.
const OF_THE_APPROVAL_WINDOW: &[&str] = &["card", "answers", "vote", "extend", "prove_hold"];

/// Whether a window may ask this at all.
fn may_ask(window: &str, name: &str) -> bool {
    match window {
        "main" => true,
        "approval" => OF_THE_APPROVAL_WINDOW.contains(&name),
        _ => false,
    }
}

macro_rules! commands {
    ($($name:ident($req:ty) -> $res:ty;)*) => {
        /// Reads the request, asks the host, writes the answer.
        pub(crate) async fn dispatch(host: &Host, window: &str, name: &str, body: Value) -> Result<Value, IpcError> {
            if !may_ask(window, name) {
                return Err(IpcError::new("not_allowed", format!("the window `{window}` may not ask `{name}`"), "use the main window"));
            }
            match name {
                $(stringify!($name) => {
                    let request: $req = serde_json::from_value(body)
                        .map_err(|error| IpcError::broken("bad_request", format!("`{name}` was asked wrongly: {error}")))?;
                    let answer: $res = host.$name(request).await?;
                    serde_json::to_value(answer)
                        .map_err(|error| IpcError::broken("bad_answer", format!("the answer to `{name}` was not written: {error}")))
                })*
                _ => Err(IpcError::broken("unknown_command", format!("there is no command `{name}`"))),
            }
        }

        /// Their names, in their order.
        pub(crate) const NAMES: &[&str] = &[$(stringify!($name)),*];

        /// The table `name → request and answer`, and every type in it with what it is made of.
        pub(crate) fn schema(config: &Config, types: &mut impl ts_rs::TypeVisitor) -> String {
            let mut rows = String::new();
            $(
                rows.push_str(&format!(
                    "  {}: {{ req: {}; res: {} }};\n",
                    stringify!($name),
                    <$req as TS>::name(config),
                    <$res as TS>::name(config)
                ));
                types.visit::<$req>();
                types.visit::<$res>();
                <$res as TS>::visit_generics(types);
            )*
            rows
        }
    };
}

commands! {
    overview(Nothing) -> Overview;
    pause(Nothing) -> Overview;
    resume(Nothing) -> Overview;
    inbox(Nothing) -> Vec<InboxRow>;
    card(CardRequest) -> Card;
    vote(VoteRequest) -> VoteReceipt;
    answers(AnswersRequest) -> Answers;
    extend(AnswersRequest) -> VoteReceipt;
    similar(CardRequest) -> Similar;
    vote_many(VotesRequest) -> Vec<VoteOutcome>;
    approve_edited(EditRequest) -> VoteReceipt;
    preview_grant(GrantRequest) -> GrantPreview;
    grant(GrantRequest) -> VoteReceipt;
    grants(Nothing) -> Vec<GrantRow>;
    revoke_grant(GrantName) -> Vec<GrantRow>;
    activity(ActivityRequest) -> ActivityPage;
    export_activity(ExportRequest) -> ExportView;
    activity_counts(CountsRequest) -> CountsView;
    activity_trace(TraceRequest) -> TraceView;
    policies(Nothing) -> PoliciesView;
    set_policy_mode(PolicyModeRequest) -> PoliciesView;
    confirm_change(ChangeRequest) -> PoliciesView;
    sign_set(Nothing) -> PoliciesView;
    needs_proof(ProofQuestion) -> ProofAnswer;
    discard_change(ChangeRequest) -> PoliciesView;
    upstreams(Nothing) -> Vec<UpstreamRow>;
    add_upstream(AddUpstreamRequest) -> Vec<UpstreamRow>;
    remove_upstream(NameRequest) -> Vec<UpstreamRow>;
    changed_tools(Nothing) -> Vec<ChangedToolRow>;
    accept_tool(AcceptToolRequest) -> Vec<ChangedToolRow>;
    agents(Nothing) -> AgentsView;
    add_agent(AddAgentRequest) -> NewAgent;
    remove_agent(NameRequest) -> AgentsView;
    accept_program(AcceptProgramRequest) -> AgentsView;
    set_wait_limit(WaitLimitRequest) -> AgentsView;
    found_agents(Nothing) -> Vec<FoundAgent>;
    plan_connect(Choice) -> ConnectPlan;
    connect_agent(Choice) -> Connected;
    undo_connect(NameRequest) -> Disconnected;
    leave_around(NameRequest) -> Vec<FoundAgent>;
    read_pasted(PastedRequest) -> Vec<NewUpstream>;
    add_pasted(PastedRequest) -> Vec<NewUpstream>;
    security(Nothing) -> SecurityView;
    enrol_passkey(EnrolRequest) -> CeremonyStarted;
    rename_passkey(PasskeyRequest) -> SecurityView;
    remove_passkey(PasskeyRequest) -> PasskeyRemoved;
    make_backup(BackupRequest) -> BackupMade;
    reset_passkeys(Nothing) -> SecurityView;
    keep_passkeys(Nothing) -> SecurityView;
    prove_hold(CardRequest) -> CeremonyStarted;
    set_passphrase(SetPassphraseRequest) -> SecurityView;
    remove_passphrase(RemovePassphraseRequest) -> SecurityView;
    prove_by_passphrase(PassphraseRequest) -> VoteReceipt;
    practice_call(PracticeCallRequest) -> Started;
    settings(Nothing) -> SettingsView;
    change_setting(SettingChange) -> SettingSaved;
    read_log(Nothing) -> LogView;
    catalogue(CatalogueRequest) -> Catalogue;
    open_draft(OpenDraftRequest) -> Draft;
    read_draft(DraftRequest) -> DraftView;
    mend_draft(MendRequest) -> Draft;
    save_policy(SaveRequest) -> Saved;
    delete_policy(DeleteRequest) -> Deleted;
    restore_policy(RestoreRequest) -> Saved;
    backtest(BacktestRequest) -> BacktestView;
    what_if(WhatIfRequest) -> WhatIfView;
    flows(Nothing) -> FlowsView;
    open_flow(OpenFlowRequest) -> FlowDraft;
    read_flow(FlowDraftRequest) -> FlowDraftView;
    save_flow(FlowDraftRequest) -> Saved;
    delete_flow(DeleteFlowRequest) -> Deleted;
    restore_flow(RestoreRequest) -> Saved;
    try_pattern(PatternRequest) -> PatternView;
    people(Nothing) -> PeopleDraft;
    read_people(PeopleRequest) -> PeopleView;
    save_people(PeopleRequest) -> Saved;
    packs(Nothing) -> Vec<PackRow>;
    pack(PackRequest) -> PackView;
    pack_effect(PackEffectRequest) -> BacktestView;
    add_pack(AddPackRequest) -> PackAdded;
    policies_text(Nothing) -> ExportedPolicies;
    export_policies(ExportPoliciesRequest) -> ExportedPolicies;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::StartFailure;
    use serde_json::json;

    async fn code(window: &str, name: &str) -> String {
        let failure = StartFailure { code: "off".to_owned(), message: String::new(), hint: String::new() };
        let host = Host::over(Err(failure), "/nowhere".into());
        let body = json!({ "hold": "h", "digest": "d", "choice": "reject" });
        host.call(window, name, body).await.err().map(|error| error.code).unwrap_or_default()
    }

    #[tokio::test]
    async fn the_approval_window_is_refused_every_command_outside_its_list() {
        assert_eq!(OF_THE_APPROVAL_WINDOW.len(), 5, "what it may ask is narrow on purpose");
        for name in NAMES {
            let is_refused = code("approval", name).await == "not_allowed";
            assert_eq!(is_refused, !OF_THE_APPROVAL_WINDOW.contains(name), "{name}");
            assert_ne!(code("main", name).await, "not_allowed", "{name}");
            assert_eq!(code("elsewhere", name).await, "not_allowed", "{name}");
        }
    }

    #[test]
    fn what_the_approval_window_may_ask_exists() {
        for name in OF_THE_APPROVAL_WINDOW {
            assert!(NAMES.contains(name), "{name}");
        }
    }
}
