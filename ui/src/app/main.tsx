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
import { App } from "./app";
import { Outside } from "./outside";

/** A site built or served for a browser, without Doorward behind it. */
const FAKE = import.meta.env.VITE_FAKE === "1" || import.meta.env.DEV;

async function start(): Promise<void> {
  const element = document.getElementById("root");
  if (element === null) return;
  const root = createRoot(element);
  if (isTauri()) {
    installHost(tauriHost);
  } else if (FAKE) {
    const { fakeHostFor } = await import("@/testing/fake-host");
    installHost(fakeHostFor(new URLSearchParams(location.search)));
  } else {
    root.render(<Outside />);
    return;
  }
  root.render(<StrictMode><App history={createHashHistory()} scheme={schemeOf(location.search)} /></StrictMode>);
}

/** `?theme=dark` fixes the colours, for pictures. */
function schemeOf(search: string): "light" | "dark" | undefined {
  const theme = new URLSearchParams(search).get("theme");
  return theme === "light" || theme === "dark" ? theme : undefined;
}

void start();
