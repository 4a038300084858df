/** What a person does, under a clock that tests move. */
import { act, fireEvent, screen } from "@testing-library/react";
import { vi } from "vitest";

/** Longer than any button stays shut. */
export const GUARD = 700;

export const moveClock = () => vi.useFakeTimers({
  shouldAdvanceTime: true, toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"],
});

export const pass = async (milliseconds: number): Promise<void> => {
  await act(() => vi.advanceTimersByTimeAsync(milliseconds));
};

export const press = async (key: string, target: Element = document.body): Promise<void> => {
  await act(async () => {
    target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    await vi.advanceTimersByTimeAsync(1);
  });
};

export const click = async (testId: string): Promise<void> => {
  await act(async () => {
    fireEvent.click(screen.getByTestId(testId));
    await vi.advanceTimersByTimeAsync(1);
  });
};

/** Sets a field or a select, as typing or choosing would. */
export const fill = async (testId: string, value: string): Promise<void> => {
  await act(async () => {
    fireEvent.change(screen.getByTestId(testId), { target: { value } });
    await vi.advanceTimersByTimeAsync(1);
  });
};
