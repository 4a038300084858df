/**
 * A host without Rust behind it: a small world in memory that answers by the same schema, for units and for
 * looking at screens in a browser (`?scenario=full`). It decides nothing of its own: outcomes are set, not judged.
 */
import { IpcFailure, type Host, type Unsubscribe } from "@/ipc/host";
import type {
  ActivityOutcome, ActivityRow, AgentRow, Alarm, Card, CeremonyStarted, Changed, ChangedToolRow, InboxRow, IpcError, IpcSchema, Overview,
  PoliciesView, Similar, Tag, VoteReceipt,
} from "@/ipc/schema";
import { authoring } from "./authoring";
import { agentOf } from "./cards";
import { counted, traced } from "./counted";
import { grantOf, NO_ANSWERS, pastCalls } from "./grants";
import { localAgents } from "./local-agents";
import { peopleAndPacks } from "./people";
import { settings } from "./settings";
import { practiceCard, SCENARIOS, type World } from "./scenarios";

type Handlers = { [K in keyof IpcSchema]: (req: IpcSchema[K]["req"]) => IpcSchema[K]["res"] };
type Sent = { name: keyof IpcSchema; body: unknown };

export function fakeHostFor(params: URLSearchParams): FakeHost {
  const name = params.get("scenario") ?? "full";
  const make = SCENARIOS[name] ?? SCENARIOS["full"];
  if (make === undefined) throw new Error(`no scenario ${name}`);
  return new FakeHost(make(Date.now()));
}

export class FakeHost implements Host {
  readonly world: World;
  /** Every command that was sent, oldest first. */
  readonly sent: Sent[] = [];
  readonly #failing = new Map<keyof IpcSchema, IpcError>();
  readonly #waits = new Map<keyof IpcSchema, Promise<undefined>>();
  readonly #changed = new Set<(changed: Changed) => void>();
  readonly #openHold = new Set<(hold: string) => void>();

  constructor(world: World) {
    this.world = world;
    this.#handlers = {
      ...this.#daily, ...authoring(world, () => { this.#emit(["policies"]); }),
      ...settings(world, () => { this.#emit(["overview", "policies"]); }),
      ...peopleAndPacks(world, () => { this.#emit(["policies"]); }),
      ...localAgents(world, (tags) => { this.#emit(tags); }),
    };
    for (const name of world.failing) this.fail(name, UNREACHABLE);
  }

  async call(name: keyof IpcSchema, body: object): Promise<unknown> {
    this.sent.push({ name, body });
    await Promise.resolve();
    // A long record is read in parts, and the window is drawn between them.
    if (name === "backtest" && this.world.long) await new Promise((next) => { setTimeout(next, 5); });
    await this.#waits.get(name);
    const error = this.#failing.get(name);
    if (error !== undefined) throw error;
    const handler = this.#handlers[name] as (req: object) => unknown;
    return structuredClone(handler(body));
  }

  onChanged(listener: (changed: Changed) => void): Unsubscribe {
    this.#changed.add(listener);
    return () => { this.#changed.delete(listener); };
  }

  onOpenHold(listener: (hold: string) => void): Unsubscribe {
    this.#openHold.add(listener);
    return () => { this.#openHold.delete(listener); };
  }

  /** The hold of the approval window: the first one, unless a test says another. */
  shown: string | null = null;
  /** What the approval window did last: "put away", "opened in the inbox". */
  left: string | null = null;

  shownHold(): Promise<string | null> {
    return Promise.resolve(this.shown ?? this.world.cards[0]?.hold ?? null);
  }

  putAway(): Promise<void> {
    this.left = "put away";
    return Promise.resolve();
  }

  openInInbox(): Promise<void> {
    this.left = "opened in the inbox";
    return Promise.resolve();
  }

  /** From now on this command answers with an error; with `null` it works again. */
  fail(name: keyof IpcSchema, error: IpcError | null): void {
    if (error === null) this.#failing.delete(name);
    else this.#failing.set(name, error);
  }

  /** From now on this command waits, as for a passkey, until what comes back is called. */
  wait(name: keyof IpcSchema): () => void {
    let go = (): void => undefined;
    this.#waits.set(name, new Promise((resolve) => { go = () => { resolve(undefined); }; }));
    return () => {
      this.#waits.delete(name);
      go();
    };
  }

  openHold(hold: string): void {
    for (const listener of this.#openHold) listener(hold);
  }

  hold(card: Card): void {
    this.world.cards.push(card);
    this.#emit(["inbox", "overview", "activity"], card.hold);
  }

  /** Changes a hold, as a newer policy set would. */
  changeCard(hold: string, change: (card: Card) => void): void {
    change(this.#card(hold));
    this.#emit(["inbox"], hold);
  }

  /** Ends a hold as a deadline or another desk would. */
  end(hold: string, verdict: string): void {
    this.changeCard(hold, (card) => {
      card.state = "ended";
      card.verdict = verdict;
    });
  }

  changePolicies(change: (view: PoliciesView) => void): void {
    change(this.world.policies);
    this.#emit(["policies", "overview"]);
  }

  readonly #handlers: Handlers;

  readonly #daily: Omit<
    Handlers,
    keyof (ReturnType<typeof authoring>
      & ReturnType<typeof settings>
      & ReturnType<typeof peopleAndPacks>
      & ReturnType<typeof localAgents>)
  > = {
    overview: () => ({ ...this.world.overview, waiting: this.#waiting().length }),
    pause: () => this.#holdEverything(true),
    resume: () => this.#holdEverything(false),
    inbox: () => this.#waiting().map(rowOf),
    card: ({ hold }) => this.#card(hold),
    vote: ({ hold, digest, choice, reason }) => {
      const card = this.#card(hold);
      if (card.state !== "waiting") throw failure("ended", "the hold has ended", "Nothing was sent. Look at the activity.");
      if (card.digest !== digest) throw failure("changed", "the card has changed", "Read it again, then vote.");
      card.state = choice === "approve" ? "released" : "ended";
      const [stage] = card.stages;
      if (choice === "approve" && stage !== undefined) stage.votes += 1;
      if (choice === "reject") card.verdict = reason === null ? "rejected" : `rejected: ${reason}`;
      this.#remember(card, choice === "approve" ? "approved" : "rejected", `${this.world.overview.owner.name}, in the window`);
      this.#emit(["inbox", "overview", "activity"], hold);
      return {
        hold, state: card.state,
        message: choice === "approve" ? "Approved. The call goes now." : "Rejected. Nothing was sent.",
      };
    },
    answers: ({ hold }) => this.world.answers[hold] ?? NO_ANSWERS,
    extend: ({ hold }) => {
      const card = this.#card(hold);
      const answers = this.world.answers[hold];
      if (answers === undefined || answers.extend_until === null) throw failure("extended", "the deadline was put off already", "Vote, or let it pass.");
      card.deadline = answers.extend_until;
      answers.extend_until = null;
      this.#emit(["inbox"], hold);
      return { hold, state: card.state, message: "Extended." };
    },
    similar: ({ hold }) => this.#similar(hold),
    vote_many: ({ calls, choice, reason }) => calls.map((call) => {
      try {
        return { hold: call.hold, receipt: this.#daily.vote({ ...call, choice, reason }), problem: null };
      } catch (error) {
        if (!(error instanceof IpcFailure)) throw error;
        const { code, message, hint } = error;
        return { hold: call.hold, receipt: null, problem: { code, message, hint } };
      }
    }),
    approve_edited: ({ hold, arguments: sent }) => this.#approve(hold, "Approved with other arguments. The call goes now.", () => {
      if (sent === "") throw failure("not_json", "the arguments are not JSON", "Mend them, then approve.");
    }),
    preview_grant: ({ terms }) => {
      const wide = terms.scope.some(({ bound }) => bound.kind !== "exactly") || !terms.project;
      const empty = terms.scope.some(({ bound }) => bound.kind !== "any" && bound.value === "");
      return {
        sentence: `claude-code may run it with ${terms.scope.map(({ argument, bound }) => `${argument} ${bound.kind} ${bound.value ?? ""}`.trim()).join(", ")}`,
        loosening: wide, problem: empty ? "a limit has no value" : null,
        covered: wide ? pastCalls(Date.now()) : [], covered_calls: wide ? 3 : 0, of_calls: 40,
      };
    },
    grant: ({ hold, terms }) => this.#approve(hold, "Approved. The call goes now, and calls like it.", () => {
      this.world.grants.unshift(grantOf({ id: `g-${this.world.grants.length}`, made_at: Date.now(), until: terms.until, uses_left: terms.uses }));
    }),
    grants: () => this.world.grants,
    revoke_grant: ({ id }) => {
      const row = this.world.grants.find((grant) => grant.id === id);
      if (row === undefined) throw failure("no_such_grant", "there is no such grant", "Look at the list again.");
      row.state = "revoked";
      this.#emit(["grants"]);
      return this.world.grants;
    },
    activity: ({ before, limit, text, outcome, agent, upstream, tool, policy, since, until }) => {
      const is = (chosen: string | null, found: string): boolean => chosen === null || chosen === found;
      const wanted = text?.toLowerCase() ?? "";
      const fits = (row: ActivityRow): boolean =>
        (before === null || row.seq < before)
        && (outcome === null || row.outcome === outcome)
        && is(agent, row.agent) && is(upstream, row.upstream) && is(tool, row.tool)
        && (policy === null || row.policies.some(({ id }) => id === policy))
        && (since === null || row.at >= since) && (until === null || row.at <= until)
        && (wanted === "" || JSON.stringify(row).toLowerCase().includes(wanted));
      const found: ActivityRow[] = [];
      for (const row of this.world.activity) {
        if (found.length > limit) break;
        if (fits(row)) found.push(row);
      }
      return { rows: found.slice(0, limit), next: found.length > limit ? found[limit - 1]?.seq ?? null : null };
    },
    activity_counts: (request) => counted(request, [...this.world.activity, ...this.world.past]),
    export_activity: ({ format, filters }) => ({
      path: `${this.world.overview.home}/exports/${filters === null ? "journal" : "calls"}-2026-11-20.${format}`,
      count: filters === null ? 4182 : this.world.activity.length,
    }),
    activity_trace: ({ seq }) => {
      const row = this.world.activity.find((call) => call.seq === seq);
      if (row === undefined) throw failure("no_trace", `call ${seq} is no longer on record`, "History is kept for as long as the settings say.");
      return traced(row);
    },
    policies: () => this.world.policies,
    set_policy_mode: ({ id, mode }) => {
      const row = this.world.policies.rows.find((policy) => policy.id === id);
      if (row === undefined) throw failure("unknown_policy", `there is no policy \`${id}\``, "Look at the list again.");
      row.mode = mode;
      this.#emit(["policies"]);
      return this.world.policies;
    },
    confirm_change: () => {
      this.world.policies.waiting = null;
      this.world.overview.alarms = [];
      this.#emit(["policies", "overview"]);
      return this.world.policies;
    },
    sign_set: () => {
      this.#emit(["policies", "overview"]);
      return this.world.policies;
    },
    needs_proof: () => ({ reasons: this.world.proof }),
    discard_change: () => {
      this.world.policies.waiting = null;
      this.world.overview.alarms = [];
      this.#emit(["policies", "overview"]);
      return this.world.policies;
    },
    upstreams: () => this.world.upstreams,
    add_upstream: ({ name, command, url }) => {
      this.world.upstreams.push({
        name, transport: url === null ? "stdio" : "http", command: url ?? (command ?? []).join(" "),
        address: `http://127.0.0.1:7717/mcp/${name}`, sessions: 0, last_error: null, tools: null,
      });
      this.#emit(["upstreams"]);
      return this.world.upstreams;
    },
    remove_upstream: ({ name }) => {
      this.world.upstreams = this.world.upstreams.filter((row) => row.name !== name);
      this.#emit(["upstreams"]);
      return this.world.upstreams;
    },
    agents: () => this.world.agents,
    add_agent: ({ name, user }) => {
      this.world.agents.agents.push(agentOf({ name, user, added_at: Date.now() }));
      this.#emit(["agents"]);
      const token = "dw_Zm9yLXRlc3RzLW9ubHktbm90LWEtcmVhbC10b2tlbg";
      return {
        name, token,
        connect: [
          {
            title: "Claude Code",
            text: `claude mcp add --transport http practice http://127.0.0.1:7717/mcp/practice --header "Authorization: Bearer ${token}"`,
          },
          {
            title: "Codex, in ~/.codex/config.toml",
            text: `[mcp_servers.practice]\nurl = "http://127.0.0.1:7717/mcp/practice"\nhttp_headers = { Authorization = "Bearer ${token}" }`,
          },
        ],
      };
    },
    remove_agent: ({ name }) => {
      this.world.agents.agents = this.world.agents.agents.filter((agent) => agent.name !== name);
      this.#emit(["agents"]);
      return this.world.agents;
    },
    changed_tools: () => this.world.changedTools,
    accept_tool: ({ upstream, tool, hash }) => {
      const is = (row: ChangedToolRow) => row.upstream === upstream && row.tool === tool && row.hash === hash;
      if (!this.world.changedTools.some(is)) {
        throw failure("tool_stale", `this is not the newest definition of \`${upstream}/${tool}\` that was seen`, "look at the difference that is shown now; nothing was changed");
      }
      this.world.changedTools = this.world.changedTools.filter((row) => !is(row));
      this.#emit(["upstreams", "inbox", "grants"]);
      return this.world.changedTools;
    },
    accept_program: ({ agent, program }) => {
      const row = this.#agent(agent);
      if (!row.other_programs.some((other) => other.program === program)) {
        throw failure(
          "no_such_program", `\`${program}\` has not called in the name of \`${agent}\` lately`,
          "accept one that is shown as another program of the agent; each is shown for a day",
        );
      }
      row.programs.push(program);
      row.other_programs = row.other_programs.filter((other) => other.program !== program);
      this.#emit(["agents"]);
      return this.world.agents;
    },
    set_wait_limit: ({ agent, seconds }) => {
      this.#agent(agent).wait_limit = seconds;
      this.#emit(["agents"]);
      return this.world.agents;
    },
    security: () => this.world.security,
    enrol_passkey: () => ceremony(),
    rename_passkey: ({ id, name }) => {
      const row = this.world.security.passkeys.find((passkey) => passkey.id === id);
      if (row !== undefined && name !== null) row.name = name;
      this.#emit(["security"]);
      return this.world.security;
    },
    remove_passkey: ({ id }) => {
      const { passkeys } = this.world.security;
      if (passkeys.length === 1) return { ceremony: ceremony() };
      this.world.security.passkeys = passkeys.filter((passkey) => passkey.id !== id);
      this.#emit(["security"]);
      return { ceremony: null };
    },
    make_backup: () => ({ path: "/home/ana/.local/share/doorward/backups/doorward-2026-11-23-140900.backup" }),
    reset_passkeys: () => {
      this.world.security.reset = {
        asked_at: Date.now(),
        message: "All passkeys are taken out in 24 hours of this machine's running, because somebody in this window said that they are lost.",
      };
      this.#emit(["security"]);
      return this.world.security;
    },
    keep_passkeys: () => {
      this.world.security.reset = null;
      this.#emit(["security"]);
      return this.world.security;
    },
    prove_hold: () => ceremony(),
    set_passphrase: ({ passphrase, old }) => {
      const { passphrase: state } = this.world.security;
      if (state.set && this.world.security.passkeys.length === 0 && old !== RIGHT_PASSPHRASE) throw WRONG_PASSPHRASE;
      state.set = passphrase !== "";
      this.#emit(["security"]);
      return this.world.security;
    },
    remove_passphrase: ({ old }) => {
      if (this.world.security.passkeys.length === 0 && old !== RIGHT_PASSPHRASE) throw WRONG_PASSPHRASE;
      this.world.security.passphrase.set = false;
      this.#emit(["security"]);
      return this.world.security;
    },
    prove_by_passphrase: ({ hold, passphrase }) => {
      if (passphrase !== RIGHT_PASSPHRASE) throw WRONG_PASSPHRASE;
      return this.#approve(hold, "Approved. The call goes now.", () => undefined);
    },
    practice_call: ({ kind }) => {
      const card = practiceCard(Date.now(), `h-practice${this.world.activity.length}`);
      if (kind === "held") this.hold(card);
      else this.#remember(card, kind, null);
      this.#emit(["activity"]);
      return { started: true };
    },
  };

  #approve(hold: string, message: string, also: () => void): VoteReceipt {
    const card = this.#card(hold);
    if (card.state !== "waiting") throw failure("ended", "the hold has ended", "Nothing was sent. Look at the activity.");
    also();
    card.state = "released";
    this.#remember(card, "approved", `${this.world.overview.owner.name}, in the window`);
    this.#emit(["inbox", "overview", "activity", "grants"], hold);
    return { hold, state: card.state, message };
  }

  /** Calls of the same agent and tool; the arguments that read alike in all of them are shared. */
  #similar(hold: string): Similar {
    const asked = this.#card(hold);
    const plain = (card: Card): boolean => card.state === "waiting" && !card.reasons.some(({ action }) => action === "step_up");
    const name = (card: Card): string => JSON.stringify([card.agent, card.upstream, card.tool]);
    const alike = this.#waiting().filter((card) => name(card) === name(asked) && plain(card));
    if (!plain(asked)) return { calls: [], shared: [] };
    const calls = [asked, ...alike.filter((card) => card !== asked)];
    const key = ({ path, pieces }: Card["arguments"][number]): string => JSON.stringify([path, pieces]);
    const isShared = (row: Card["arguments"][number]): boolean => calls.every((card) => card.arguments.some((other) => key(other) === key(row)));
    return {
      shared: asked.arguments.filter(isShared),
      calls: calls.map((card) => ({
        hold: card.hold, digest: card.digest, own: card.arguments.filter((row) => !isShared(row)), reasons: [], deadline: card.deadline,
        owner_voted: card.owner_voted,
      })),
    };
  }

  #holdEverything(on: boolean): Overview {
    const { overview } = this.world;
    overview.paused = on;
    overview.alarms = overview.alarms.filter(({ code }) => code !== PAUSED.code);
    if (on) overview.alarms.push(PAUSED);
    this.#emit(["overview"]);
    return { ...overview, waiting: this.#waiting().length };
  }

  #waiting(): Card[] {
    return this.world.cards.filter(({ state }) => state === "waiting");
  }

  #card(hold: string): Card {
    const card = this.world.cards.find((one) => one.hold === hold);
    if (card === undefined) throw failure("unknown_hold", "there is no such hold", "It may have ended. Look at the activity.");
    return card;
  }

  #agent(name: string): AgentRow {
    const row = this.world.agents.agents.find((agent) => agent.name === name);
    if (row === undefined) throw failure("no_such_agent", `there is no agent \`${name}\``, "Look at the list again.");
    return row;
  }

  #remember(card: Card, outcome: ActivityOutcome, by: string | null): void {
    const row: ActivityRow = {
      seq: (this.world.activity[0]?.seq ?? 0) + 1, at: Date.now(), agent: card.agent, user: card.user_name,
      upstream: card.upstream, tool: card.tool, summary: rowOf(card).summary, outcome,
      policies: card.reasons.map(({ policy, name }) => ({ id: policy, name })), decided_by: by, hold: card.hold,
      detail: card.arguments.map(({ path, pieces }) => ({ path, value: pieces.map(({ text }) => text).join("") })),
    };
    this.world.activity.unshift(row);
  }

  #emit(tags: Tag[], hold: string | null = null): void {
    for (const listener of this.#changed) listener({ tags, hold });
  }
}

function ceremony(): CeremonyStarted {
  return { url: "http://localhost:41873/5b1f0c9d27e84a63b0c2d91f7a3e6845", until: Date.now() + 120_000, opened: true };
}

const UNREACHABLE: IpcError = {
  code: "journal_unreadable",
  message: "the journal `journal.sqlite` cannot be read: disk I/O error",
  hint: "Check the disk, then start Doorward again. Held calls stay held.",
};

/** What the fake passphrase is. */
export const RIGHT_PASSPHRASE = "four words in a row";
const WRONG_PASSPHRASE = failure("passphrase_wrong", "the passphrase is another one", "type it again");

const PAUSED: Alarm = {
  code: "paused",
  message: "Everything is held: each call waits for you, whatever the policies allow.",
  hint: "Let calls go when you are ready. Those that wait by then still need your answer.",
};

function failure(code: string, message: string, hint: string): IpcFailure {
  return new IpcFailure({ code, message, hint });
}

function rowOf(card: Card): InboxRow {
  const words = card.arguments.slice(0, 3).map(({ path, pieces }) => {
    const text = pieces.map((piece) => piece.kind === "plain" ? piece.text : `⟨${piece.name}⟩`).join("").replaceAll("\n", " ");
    return `${path} ${text.length > 48 ? `${text.slice(0, 48)}…` : text}`;
  });
  return {
    hold: card.hold, agent: card.agent, upstream: card.upstream, tool: card.tool,
    summary: words.length === 0 ? "no arguments" : words.join(", "),
    needs: card.reasons.some(({ action }) => action === "step_up") ? "step_up" : "approval",
    opened_at: card.opened_at, deadline: card.deadline, attended: card.attended,
  };
}
