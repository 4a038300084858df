/** People and packs without Rust behind them: enough for screens to have something to show. */
import type { IpcSchema, PackFile, PackRow, PeopleDraft, PeopleView, UserDraft } from "@/ipc/schema";
import { backtestOf, emptyDraft } from "./authoring";
import type { World } from "./scenarios";

type Handlers = { [K in keyof IpcSchema]: (req: IpcSchema[K]["req"]) => IpcSchema[K]["res"] };

const person = (from: number, id: string, name: string, more: Partial<UserDraft> = {}): UserDraft => ({
  from, id, name, email: "", roles: [], department: "", owner: false, attributes: [], ...more,
});

export const dailyPeople = (): PeopleDraft => ({
  base: "# who\n",
  users: [
    person(0, "ana", "Ana Ruiz", { owner: true, roles: ["employee"], email: "ana@example.org", department: "engineering", attributes: [{ key: "level", kind: "number", text: "3" }, { key: "remote", kind: "flag", text: "true" }] }),
    person(1, "ben", "Ben Ito", { roles: ["employee", "finance"], department: "finance", attributes: [{ key: "teams", kind: "other", text: "[\"north\"]" }] }),
    person(2, "lee", "Lee Park", { roles: ["finance"] }),
  ],
});

export const hostilePeople = (): PeopleDraft => ({
  base: "",
  users: [
    person(0, "ana", "Ana \u202eziuR", { owner: true, roles: Array.from({ length: 40 }, (_, index) => `role-${index}`) }),
    ...Array.from({ length: 120 }, (_, index) => person(index + 1, `user-${index}`, `${"Bartholomew-Maximilian ".repeat(4)}${index}`, { email: `${"a".repeat(200)}@example.org` })),
  ],
});

function readPeople(world: World, draft: PeopleDraft): PeopleView {
  const isUnfinished = draft.users.some(({ id }) => id.trim() === "");
  const unchanged = JSON.stringify(draft) === JSON.stringify(world.people);
  return {
    users: draft.users.map(({ id, roles, owner }) => ({
      agents: world.agents.agents.filter(({ user }) => user === id).map(({ name }) => name),
      passkeys: world.security.passkeys.filter(({ person }) => person === id).map(({ name }) => name),
      votes_in: [...(roles.includes("finance") ? ["Finance"] : []), ...(owner ? ["The owner approves"] : [])],
      problems: id.trim() === "" ? ["an id is missing, such as `ana`"] : [],
    })),
    problems: [],
    orphans: world.agents.agents.filter(({ user }) => draft.users.every(({ id }) => id !== user)).map(({ name, user }) => `${name}, for ${user}`),
    roles: ["employee", "finance"], attributes: ["level", "remote"],
    save: {
      can: !isUnfinished && !unchanged, effect: unchanged ? "nothing" : "changes", proof: world.proof,
      label: unchanged ? "Saved" : world.proof.length > 0 ? "Save, needs your passkey" : "Save",
      note: isUnfinished ? "It cannot be saved: an id is missing." : "Applies from the next call on; calls that wait are judged again.",
    },
  };
}

const PACKS: PackRow[] = [
  { name: "starter", title: "The starter pack", words: "Four policies over the practice upstream, so that a new home shows every action once.", policies: 4, there: 4 },
  { name: "git", title: "The git pack", words: "For an upstream called `git`: agents look, stage and commit freely; what leaves the machine is looked at by a person, and history is never rewritten.", policies: 5, there: 1 },
  { name: "strict-home", title: "The strict home", words: "For a machine where an agent should do nothing by itself but read.", policies: 4, there: 0 },
];

const file = (path: string, name: string, sentence: string, more: Partial<PackFile> = {}): PackFile => ({
  path, name, sentence, action: null, state: "new", text: `name = ${JSON.stringify(name)}\n`, ...more,
});

const GIT: PackFile[] = [
  file("force.toml", "History is not rewritten", "Deny `git/push` when force is true.", { action: "deny" }),
  file("push.toml", "Pushes are looked at", "Ask the desk's owner before `git/push`.", { action: "request_approval", state: "there" }),
  file("commits.toml", "No commits on main", "Ask the desk's owner before `git/commit` while the branch is main or master.", { action: "request_approval", state: "kept" }),
  file("set.toml", "The default", "A call that no policy decides is allowed.", { state: "left_out" }),
];

export function peopleAndPacks(world: World, changed: () => void): Pick<Handlers,
  "people" | "read_people" | "save_people" | "packs" | "pack" | "pack_effect" | "add_pack" | "policies_text" | "export_policies" | "try_pattern"> {
  return {
    people: () => world.people,
    read_people: ({ draft }) => readPeople(world, draft),
    save_people: ({ draft }) => {
      if (world.people.base !== draft.base) return { kind: "changed", theirs: world.people.base, mine: "" };
      world.people = { base: `${draft.base}\n`, users: draft.users.map((user, from) => ({ ...user, from })) };
      changed();
      return { kind: "applied", id: "people", message: "In force from the next call on." };
    },
    packs: () => PACKS,
    pack: ({ source, with_default }) => ({
      title: source.kind === "folder" ? source.path : PACKS.find(({ name }) => name === source.name)?.title ?? source.name,
      page: "# The git pack\n\nFor an upstream called `git`: agents look, stage and commit freely.\n\n| file | what it does |\n",
      files: GIT.map((one) => one.path === "set.toml" && with_default ? { ...one, state: "new" } : one), default: "A call that no policy decides is held for approval.",
      absent: ["git"], problems: [], proof_enforced: world.proof, proof_observed: [], text: GIT.map(({ path, text }) => `# ==== ${path} ====\n${text}`).join("\n"),
    }),
    pack_effect: () => backtestOf(world, emptyDraft()),
    add_pack: () => {
      changed();
      return { added: ["force.toml"], kept: ["commits.toml"] };
    },
    policies_text: () => ({ files: world.policies.rows.length, text: "# ==== a.toml ====\n" }),
    export_policies: () => ({ files: world.policies.rows.length, text: "" }),
    try_pattern: ({ pattern, samples, ignore_case }) => {
      try {
        const tried = new RegExp(pattern, ignore_case ? "i" : "");
        return { problem: null, fits: samples.map((sample) => tried.test(sample)) };
      } catch {
        return { problem: "the pattern ends too early", fits: [] };
      }
    },
  };
}
