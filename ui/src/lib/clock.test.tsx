import { act, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Countdown } from "@/components/countdown";
import { useToday } from "./clock";

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

it("ticks while a countdown is on screen, and not a moment longer", () => {
  const { unmount } = render(<Countdown until={Date.now() + 61_000} />);
  expect(screen.getByRole("timer")).toHaveTextContent("1:01");
  act(() => { vi.advanceTimersByTime(3000); });
  expect(screen.getByRole("timer")).toHaveTextContent("0:58");
  expect(vi.getTimerCount()).toBe(1);
  unmount();
  expect(vi.getTimerCount()).toBe(0);
});

it("stands still while the window is hidden, and is right at once when it shows again", () => {
  render(<Countdown until={Date.now() + 120_000} />);
  const hidden = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  act(() => { document.dispatchEvent(new Event("visibilitychange")); });
  expect(vi.getTimerCount()).toBe(0);
  vi.setSystemTime(Date.now() + 50_000);
  hidden.mockReturnValue("visible");
  act(() => { document.dispatchEvent(new Event("visibilitychange")); });
  expect(screen.getByRole("timer")).toHaveTextContent("1:10");
});

it("goes on to the next day at midnight, and draws nothing anew before", () => {
  vi.setSystemTime(new Date(2026, 10, 23, 23, 57));
  let drawn = 0;
  function Day() {
    drawn += 1;
    return <p>{new Date(useToday()).getDate()}</p>;
  }
  render(<Day />);
  const first = drawn;
  act(() => { vi.advanceTimersByTime(2 * 60_000); });
  expect([screen.getByText("23").textContent, drawn]).toEqual(["23", first]);
  act(() => { vi.advanceTimersByTime(2 * 60_000); });
  expect([screen.getByText("24").textContent, drawn]).toEqual(["24", first + 1]);
});

it("shows the present at first, however long it stood", () => {
  vi.setSystemTime(Date.now() + 3_600_000);
  render(<Countdown until={Date.now() + 10_000} />);
  expect(screen.getByRole("timer")).toHaveTextContent("0:10");
});
