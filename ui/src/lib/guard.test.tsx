import { render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { moveClock, pass, press } from "@/testing/hands";
import { useSettled } from "./guard";

beforeEach(() => { moveClock(); });
afterEach(() => { vi.useRealTimers(); });

function Shut({ about }: { about: string }) {
  return <button disabled={!useSettled(about)}>Approve</button>;
}

it("opens once nothing was typed for 700 ms, and shuts for what is new", async () => {
  const { rerender } = render(<Shut about="one" />);
  for (let n = 0; n < 4; n++) {
    await pass(500);
    await press("a");
  }
  expect(screen.getByRole("button")).toBeDisabled();
  // Moving about is no typing.
  await pass(400);
  await press("ArrowDown");
  await pass(310);
  expect(screen.getByRole("button")).toBeEnabled();
  await press("a");
  expect(screen.getByRole("button")).toBeEnabled();
  rerender(<Shut about="two" />);
  expect(screen.getByRole("button")).toBeDisabled();
});
