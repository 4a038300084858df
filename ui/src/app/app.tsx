/** The main window: theme, queries, router. */
import { RouterProvider, type RouterHistory } from "@tanstack/react-router";
import { useState } from "react";
import { Frame } from "./frame";
import { createAppRouter } from "./router";

export function App({ history, scheme }: { history: RouterHistory; scheme?: "light" | "dark" | undefined }) {
  const [router] = useState(() => createAppRouter(history));
  return <Frame scheme={scheme}><RouterProvider router={router} /></Frame>;
}
