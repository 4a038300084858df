/** What every unit test starts with. */
import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterEach } from "vitest";
import { forgetReceipts } from "@/features/inbox/receipts";

configure({
  // The whole document in every failure hides what failed.
  getElementError: (message) => new Error(message ?? "not found"),
  // Machines that also compile are slow.
  asyncUtilTimeout: 15_000,
});

Element.prototype.scrollIntoView = () => undefined;
// Fields that grow with their text measure it again once fonts are there.
Object.defineProperty(document, "fonts", { value: new EventTarget() });

afterEach(() => {
  cleanup();
  forgetReceipts();
});
