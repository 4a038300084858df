/** Starts the window: chooses the host, then renders. */
import "@mantine/core/styles.layer.css";
import "@fontsource-variable/inter/index.css";
import "@fontsource-variable/jetbrains-mono/index.css";
import "./base.css";
import { createHashHistory } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { installHost } from "@/ipc/host";
import { isTauri, tauriHost } from "@/ipc/tauri-host";
import { applyDensity } from "@/lib/density";
import { App } from "./app";
import { ApprovalWindow } from "./approval-window";
import { Outside } from "./outside";

/** A site built or served for a browser, without Doorward behind it. */
const FAKE = import.meta.env.VITE_FAKE === "1" || import.meta.env.DEV;

async function start(): Promise<void> {
  const params = new URLSearchParams(location.search);
  const element = document.getElementById("root");
  if (element === null) return;
  const root = createRoot(element);
  if (isTauri()) {
    installHost(tauriHost);
  } else if (FAKE) {
    const { fakeHostFor } = await import("@/testing/fake-host");
    installHost(fakeHostFor(params));
    // The router would take what stands before the hash for a part of what stands after it.
    history.replaceState(null, "", location.pathname + location.hash);
  } else {
    root.render(<Outside />);
    return;
  }
  const scheme = schemeOf(params);
  applyDensity();
  // What each window may ask is decided by its label, in Rust; this only chooses what it shows.
  const shown = params.get("window") === "approval" ? <ApprovalWindow scheme={scheme} /> : <App history={createHashHistory()} scheme={scheme} />;
  root.render(<StrictMode>{shown}</StrictMode>);
}

/** `?theme=dark` fixes the colours, for pictures. */
function schemeOf(params: URLSearchParams): "light" | "dark" | undefined {
  const theme = params.get("theme");
  return theme === "light" || theme === "dark" ? theme : undefined;
}

void start();
