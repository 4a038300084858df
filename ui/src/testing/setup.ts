/** What every unit test starts with. */
import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterEach } from "vitest";
import { forgetReceipts } from "@/features/inbox/receipts";

// The whole document in every failure hides what failed.
configure({ getElementError: (message) => new Error(message ?? "not found") });

Element.prototype.scrollIntoView = () => undefined;

afterEach(() => {
  cleanup();
  forgetReceipts();
});
