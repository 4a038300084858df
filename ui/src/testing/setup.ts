/** What every unit test starts with. */
import "@testing-library/jest-dom/vitest";
import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";
import { forgetReceipts } from "@/features/inbox/receipts";

Element.prototype.scrollIntoView = () => undefined;

afterEach(() => {
  cleanup();
  forgetReceipts();
});
