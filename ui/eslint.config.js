import { readdirSync } from "node:fs";
import stylistic from "@stylistic/eslint-plugin";
import hooks from "eslint-plugin-react-hooks";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

const FEATURES = readdirSync(new URL("src/features", import.meta.url));

const TAURI = {
  group: ["@tauri-apps/*"],
  message: "Only src/ipc talks to Tauri: use call() and the queries there.",
};
const TESTING = {
  group: ["@/testing/*"],
  message: "What serves tests stays out of the window.",
};
const OTHER_FEATURES = {
  regex: "^(@/features/|\\.\\./)",
  message: "Features do not import features: move what both need to components, lib or ipc.",
};
const DOMAIN = {
  group: ["@/ipc/*", "@/features/*", "@/app/*"],
  message: "components and lib have no domain words.",
};

const restrict = (...patterns) => ({ "no-restricted-imports": ["error", { patterns }] });

export default defineConfig(
  { ignores: ["dist/", "dist-fake/", "screenshots/", "src/ipc/generated/"] },
  stylistic.configs.customize({ quotes: "double", semi: true, braceStyle: "1tbs", arrowParens: true, jsx: true }),
  {
    rules: {
      "@stylistic/jsx-one-expression-per-line": "off",
      "@stylistic/jsx-first-prop-new-line": ["error", "multiline"],
      "@stylistic/jsx-max-props-per-line": "off",
      "@stylistic/jsx-closing-bracket-location": ["error", "line-aligned"],
      "@stylistic/max-len": ["error", { code: 140, ignoreStrings: true, ignoreTemplateLiterals: true }],
      "@stylistic/multiline-ternary": "off",
      "@stylistic/indent": ["error", 2, { offsetTernaryExpressions: false, SwitchCase: 1, ignoredNodes: ["TSUnionType"] }],
      "@stylistic/operator-linebreak": ["error", "before", { overrides: { "=": "after" } }],
      "@stylistic/quotes": ["error", "double", { avoidEscape: false, allowTemplateLiterals: "avoidEscape" }],
      "@stylistic/max-statements-per-line": "off",
      "max-lines": ["error", 500],
    },
  },
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked, hooks.configs.flat.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-definitions": "off",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/explicit-module-boundary-types": "off",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/only-throw-error": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      ...restrict(TAURI),
    },
  },
  { files: ["src/app/**"], rules: restrict(TAURI) },
  { files: ["src/{components,lib}/**"], rules: restrict(TAURI, TESTING, DOMAIN) },
  ...FEATURES.map((feature) => ({
    files: [`src/features/${feature}/**/*.{ts,tsx}`], rules: restrict(TAURI, TESTING, OTHER_FEATURES),
  })),
  { files: ["src/**/*.test.{ts,tsx}"], rules: { ...restrict(TAURI), "@typescript-eslint/no-non-null-assertion": "off" } },
  { files: ["src/ipc/**/*.ts"], rules: restrict({ ...DOMAIN, group: ["@/features/*", "@/app/*", "@/components/*"] }, TESTING) },
);
