/** Renders the whole window at an address, with a fake host behind it. */
import { createMemoryHistory } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { App } from "@/app/app";
import { installHost } from "@/ipc/host";
import { FakeHost } from "./fake-host";
import { SCENARIOS, type World } from "./scenarios";

export function openWindow(address: string, scenario: string, prepare: (world: World) => void = () => undefined) {
  const make = SCENARIOS[scenario];
  if (make === undefined) throw new Error(`no scenario ${scenario}`);
  const world = make(Date.now());
  prepare(world);
  const host = new FakeHost(world);
  installHost(host);
  const history = createMemoryHistory({ initialEntries: [address] });
  render(<App history={history} scheme="light" />);
  return { host, history, user: userEvent.setup() };
}
