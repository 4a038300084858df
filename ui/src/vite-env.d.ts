/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** "1" builds the site for a browser, with the fake host behind it. */
  readonly VITE_FAKE?: string;
}
