import { mergeConfig } from "vite";
import { defineConfig } from "vitest/config";
import base from "./vite.config.ts";

/** Tests that drive Chromium over the built site; `npm run test:browser` builds it first. */
export default mergeConfig(base, defineConfig({
  test: {
    environment: "node",
    include: ["src/testing/browser/*.browser.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    // Pictures are taken side by side; more would only wait for one another.
    maxConcurrency: 2,
  },
}));
