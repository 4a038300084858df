/** One person: what is known of them in a line, and the fields behind it. */
import { Button, NativeSelect, Switch, TagsInput, TextInput, UnstyledButton } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Icon } from "@/components/icon";
import { Marked } from "@/components/marked";
import { Prose } from "@/components/prose";
import { Tag } from "@/components/tag";
import type { UserAttribute, UserDraft, UserView } from "@/ipc/schema";
import { listed, phrase, sentence } from "@/lib/words";
import classes from "./people-page.module.css";

export function PersonItem({ user, view, roles, attributes, open, onOpen, onChange, onRemove }: {
  user: UserDraft;
  view: UserView | undefined;
  roles: readonly string[];
  attributes: readonly string[];
  open: boolean;
  onOpen: () => void;
  onChange: (change: Partial<UserDraft>) => void;
  onRemove: () => void;
}) {
  const name = user.name !== "" ? user.name : user.id !== "" ? user.id : "New person";
  const facts = [
    user.department, user.email, ...user.attributes.map(({ key, text }) => `${key} ${text}`),
  ].filter((text) => text !== "");
  return (
    <article className={classes.person} aria-label={name} data-testid="person-row" data-person={user.id}>
      <div className={classes.line}>
        <div className={classes.words}>
          <div className={classes.head}>
            <strong><Marked text={name} /></strong>
            <code className="faint small"><Marked text={user.id} /></code>
            {user.owner && <Tag tone="accent">desk’s owner</Tag>}
            {user.roles.map((role) => <Tag key={role} tone="neutral">{role}</Tag>)}
          </div>
          {facts.length > 0 && <p className="muted small"><Marked text={facts.join(", ")} /></p>}
          {view !== undefined && <Standing view={view} owner={user.owner} />}
          {view?.problems.map((problem) => <p key={problem} className={classes.problem} role="status"><Prose text={sentence(problem)} /></p>)}
        </div>
        <div className={classes.buttons}>
          <Button size="xs" onClick={onOpen} aria-expanded={open} data-testid={`edit-person-${user.id}`}>{open ? "Done" : "Edit"}</Button>
        </div>
      </div>
      {open && <Fields user={user} roles={roles} attributes={attributes} onChange={onChange} onRemove={onRemove} />}
    </article>
  );
}

function Standing({ view, owner }: { view: UserView; owner: boolean }) {
  const cannotVote = view.passkeys.length === 0 && !owner;
  const keys = view.passkeys.length === 0
    ? (owner ? "votes by a click, no passkey" : "no passkey")
    : `${view.passkeys.length === 1 ? "passkey" : "passkeys"} ${listed(view.passkeys)}`;
  return (
    <p className="muted small">
      {view.agents.length === 0 ? "No agent acts for them" : <>{listed(view.agents)} {view.agents.length === 1 ? "acts" : "act"} for them</>}
      {"; "}{keys}
      {"; "}{view.votes_in.length === 0 ? "in no approval flow" : `${cannotVote ? "could vote, once a passkey is enrolled, in" : "votes in"} ${listed(view.votes_in.map((flow) => `“${phrase(flow)}”`))}`}.
    </p>
  );
}

function Fields({ user, roles, attributes, onChange, onRemove }: {
  user: UserDraft;
  roles: readonly string[];
  attributes: readonly string[];
  onChange: (change: Partial<UserDraft>) => void;
  onRemove: () => void;
}) {
  const setAttribute = (at: number, change: Partial<UserAttribute>): void => {
    onChange({ attributes: user.attributes.map((one, index) => index === at ? { ...one, ...change } : one) });
  };
  return (
    <div className={classes.fields}>
      <div className={classes.pair}>
        <TextInput label="Name" value={user.name} maxLength={120} onChange={(event) => { onChange({ name: event.currentTarget.value }); }} data-testid="person-name" />
        <TextInput
          label="Id" value={user.id} maxLength={64} disabled={user.from !== null} placeholder="ana" data-testid="person-id"
          inputWrapperOrder={["label", "input", "description", "error"]} description={user.from === null ? undefined : "Agents and passkeys name it, so it stays"} onChange={(event) => { onChange({ id: event.currentTarget.value }); }}
        />
        <TextInput label="Email" value={user.email} maxLength={320} placeholder="Optional" onChange={(event) => { onChange({ email: event.currentTarget.value }); }} />
        <TextInput label="Department" value={user.department} maxLength={120} placeholder="Optional" onChange={(event) => { onChange({ department: event.currentTarget.value }); }} />
      </div>
      <TagsInput label="Roles" data={[...roles]} value={user.roles} acceptValueOnBlur onChange={(next) => { onChange({ roles: next }); }} placeholder={user.roles.length === 0 ? "type, then Enter" : ""} data-testid="person-roles" />
      <Switch
        label="The desk’s owner: votes at this desk need no passkey" checked={user.owner} disabled={user.owner}
        description={user.owner ? "To hand it over, make another person the owner" : undefined} onChange={(event) => { onChange({ owner: event.currentTarget.checked }); }} data-testid="person-owner"
      />
      <fieldset className={classes.attributes}>
        <legend>Custom attributes</legend>
        {user.attributes.map((one, index) => (
          <div key={index} className={classes.attribute}>
            <TextInput aria-label="Attribute" placeholder="level" value={one.key} maxLength={64} list={undefined} onChange={(event) => { setAttribute(index, { key: event.currentTarget.value }); }} data-testid="attribute-key" />
            <NativeSelect
              aria-label="Kind" value={one.kind} disabled={one.kind === "other"} data-testid="attribute-kind"
              data={[{ value: "text", label: "text" }, { value: "number", label: "number" }, { value: "flag", label: "true or false" }, ...(one.kind === "other" ? [{ value: "other", label: "as in the file" }] : [])]}
              onChange={(event) => { setAttribute(index, retyped(one, event.currentTarget.value)); }}
            />
            {one.kind === "flag"
              ? <NativeSelect aria-label="Value" value={one.text} data={["true", "false"]} onChange={(event) => { setAttribute(index, { text: event.currentTarget.value }); }} />
              : <TextInput aria-label="Value" value={one.text} disabled={one.kind === "other"} inputMode={one.kind === "number" ? "decimal" : "text"} classNames={{ input: classes.mono }} onChange={(event) => { setAttribute(index, { text: event.currentTarget.value }); }} data-testid="attribute-value" />}
            <UnstyledButton
              className={classes.remove} aria-label={`Remove ${one.key === "" ? "the attribute" : one.key}`}
              onClick={() => { onChange({ attributes: user.attributes.filter((_, other) => other !== index) }); }}
            >
              <Icon name="cross" />
            </UnstyledButton>
          </div>
        ))}
        <div className={classes.more}>
          <Button size="xs" variant="subtle" data-testid="add-attribute" onClick={() => { onChange({ attributes: [...user.attributes, { key: "", kind: "text", text: "" }] }); }}>+ attribute</Button>
          {attributes.filter((key) => user.attributes.every((one) => one.key !== key)).slice(0, 6).map((key) => (
            <Button key={key} size="xs" variant="subtle" onClick={() => { onChange({ attributes: [...user.attributes, { key, kind: "text", text: "" }] }); }}>+ {key}</Button>
          ))}
        </div>
      </fieldset>
      <div className={classes.last}>
        <span className="faint small">Which agent acts for whom is chosen when it is connected, under <Link to="/agents" className={classes.link}>Agents</Link>; passkeys are enrolled under <Link to="/security" className={classes.link}>Security</Link>.</span>
        <Button size="xs" variant="subtle" onClick={onRemove} disabled={user.owner} title={user.owner ? "Make another person the owner first" : undefined} data-testid="remove-person">Remove from the list</Button>
      </div>
    </div>
  );
}

/** Another kind begins with a value of that kind. */
function retyped(one: UserAttribute, kind: string): Partial<UserAttribute> {
  if (kind === "flag") return { kind, text: one.text === "false" ? "false" : "true" };
  if (kind === "number" || kind === "text") return { kind };
  return {};
}
