import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import type { Overview } from "@/ipc/schema";
import { GatewayStatus } from "./gateway-status";

const fine = (name: string) => ({ ok: true, name, message: null, hint: null });
const overview: Overview = {
  version: "0.1.0",
  home: "/home/ana/.local/share/doorward",
  gateway: { state: "on", listen: "127.0.0.1:7717" },
  waiting: 0,
  paused: false,
  owner: { id: "ana", name: "Ana Ruiz" },
  keychain: fine("Keychain"),
  notifications: fine("Notifications"),
  screen: fine("Screen"),
  practice: true,
  alarms: [],
};

it("is one line where every part does what it should", () => {
  render(<GatewayStatus overview={overview} problem={null} />);
  expect(screen.getByTestId("gateway-status")).toHaveTextContent(/^Gateway on, port 7717$/);
});

it("says what follows where nobody can tell whether the screen is locked", () => {
  const unknown = {
    ok: false,
    name: "Screen",
    message: "Whether the screen is locked is not known: there is no logind on this machine.",
    hint: "No grants can be made, and every step-up asks for a proof of its own. Notifications come as ever.",
  };
  render(<GatewayStatus overview={{ ...overview, screen: unknown }} problem={null} />);
  const status = screen.getByTestId("gateway-status");
  expect(status).toHaveTextContent("Screen: needs a look");
  expect(status).toHaveTextContent("there is no logind on this machine. No grants can be made, and every step-up asks for a proof of its own.");
});
