import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { openWindow } from "@/testing/render";

describe("people", () => {
  it("shows who each is, which agents act for them, and where they vote", async () => {
    openWindow("/people", "full");
    const rows = await screen.findAllByTestId("person-row");
    expect(rows).toHaveLength(3);
    expect(rows[0]).toHaveTextContent("desk’s owner");
    await waitFor(() => { expect(rows[0]).toHaveTextContent(/acts? for them/); });
    expect(rows[1]).toHaveTextContent("could vote, once a passkey is enrolled, in “Finance”");
  });

  it("adds a person with a role and an attribute, and saves all as one change", async () => {
    const { user, host } = openWindow("/people", "full");
    await user.click(await screen.findByTestId("add-person"));
    await user.type(screen.getByTestId("person-name"), "Mia Sand");
    await waitFor(() => { expect(screen.getAllByTestId("person-row")[3]).toHaveTextContent("An id is missing"); });
    expect(screen.getByTestId("save-people")).toBeDisabled();
    await user.type(screen.getByTestId("person-id"), "mia");
    await user.type(screen.getByTestId("person-roles"), "finance{Enter}");
    await user.click(screen.getByTestId("add-attribute"));
    await user.type(screen.getByTestId("attribute-key"), "level");
    await user.selectOptions(screen.getByTestId("attribute-kind"), "number");
    await user.type(screen.getByTestId("attribute-value"), "3");
    await waitFor(() => { expect(screen.getByTestId("save-people")).toBeEnabled(); });
    await user.click(screen.getByTestId("save-people"));
    await waitFor(() => { expect(host.world.people.users).toHaveLength(4); });
    expect(host.world.people.users[3]).toMatchObject({ id: "mia", roles: ["finance"], attributes: [{ key: "level", kind: "number", text: "3" }] });
    await waitFor(() => { expect(screen.queryByTestId("save-people")).toBeNull(); });
  });

  it("has one owner, who hands it over and is never removed", async () => {
    const { user, host } = openWindow("/people", "full");
    await user.click(await screen.findByTestId("edit-person-ana"));
    expect(screen.getByTestId("remove-person")).toBeDisabled();
    await user.click(screen.getByTestId("edit-person-ben"));
    await user.click(screen.getByTestId("person-owner"));
    await waitFor(() => { expect(screen.getByTestId("save-people")).toBeEnabled(); });
    await user.click(screen.getByTestId("save-people"));
    await waitFor(() => { expect(host.world.people.users.map(({ owner }) => owner)).toEqual([false, true, false]); });
  });

  it("says before Save is pressed that it needs the passkey", async () => {
    const { user } = openWindow("/people", "full", (world) => { world.proof = ["`people.toml` is changed"]; });
    await user.click(await screen.findByTestId("edit-person-lee"));
    await user.type(screen.getByTestId("person-name"), " jr");
    await waitFor(() => { expect(screen.getByTestId("save-people")).toHaveTextContent("Save, needs your passkey"); });
  });

  it("shows the difference where the file was changed underneath, and keeps what was typed", async () => {
    const { user, host } = openWindow("/people", "full");
    await user.click(await screen.findByTestId("edit-person-lee"));
    await user.type(screen.getByTestId("person-name"), " jr");
    host.world.people = { ...host.world.people, base: "# theirs\n" };
    await waitFor(() => { expect(screen.getByTestId("save-people")).toBeEnabled(); });
    await user.click(screen.getByTestId("save-people"));
    const notice = await screen.findByTestId("changed-underneath");
    await user.click(within(notice).getByTestId("keep-mine"));
    expect(screen.getByTestId("person-name")).toHaveValue("Lee Park jr");
    await waitFor(() => { expect(screen.getByTestId("save-people")).toBeEnabled(); });
    await user.click(screen.getByTestId("save-people"));
    await waitFor(() => { expect(host.world.people.users[2]?.name).toBe("Lee Park jr"); });
  });
});
