import { fireEvent, render, screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { useDrag } from "./use-drag";

function Line({ onDrop }: { onDrop: (from: string, to: number) => void }) {
  const { dragged, target, grip } = useDrag<string, number>((_, y) => y > 100 ? Math.floor(y / 100) : null, onDrop);
  return <button onPointerDown={grip("a")}>{`${dragged ?? "nothing"} to ${target ?? "nowhere"}`}</button>;
}

it("drops where the pointer was let go, not before it has moved, and nowhere after Escape", () => {
  const drop = vi.fn();
  render(<Line onDrop={drop} />);
  const button = screen.getByRole("button");
  fireEvent.pointerDown(button, { button: 0, clientX: 0, clientY: 200 });
  fireEvent.pointerUp(window);
  fireEvent.pointerDown(button, { button: 0, clientX: 0, clientY: 200 });
  fireEvent.pointerMove(window, { clientX: 0, clientY: 302 });
  expect(button).toHaveTextContent("a to 3");
  fireEvent.keyDown(window, { key: "Escape" });
  expect(button).toHaveTextContent("nothing to nowhere");
  fireEvent.pointerUp(window);
  expect(drop).not.toHaveBeenCalled();
  fireEvent.pointerDown(button, { button: 0, clientX: 0, clientY: 200 });
  fireEvent.pointerMove(window, { clientX: 0, clientY: 402 });
  fireEvent.pointerUp(window);
  expect(drop).toHaveBeenCalledExactlyOnceWith("a", 4);
});
