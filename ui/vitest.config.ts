import { mergeConfig } from "vite";
import { defineConfig } from "vitest/config";
import base from "./vite.config.ts";

export default mergeConfig(base, defineConfig({
  test: {
    environment: "happy-dom",
    environmentOptions: { happyDOM: { width: 1440, height: 900 } },
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/testing/setup.ts"],
    css: false,
    testTimeout: 60_000,
    restoreMocks: true,
  },
}));
