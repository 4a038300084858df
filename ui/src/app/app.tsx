/** The window: theme, queries, router. */
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider, type RouterHistory } from "@tanstack/react-router";
import { useState } from "react";
import { createAppRouter } from "./router";
import { cssVariables, theme } from "./theme";

export function App({ history, scheme }: { history: RouterHistory; scheme?: "light" | "dark" | undefined }) {
  const [router] = useState(() => createAppRouter(history));
  const [client] = useState(createQueryClient);
  return (
    <MantineProvider
      theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto"
      {...(scheme === undefined ? {} : { forceColorScheme: scheme })}
    >
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}

/** Answers stay good until Rust says that something has changed. Nothing here needs a network. */
function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: Number.POSITIVE_INFINITY, retry: false, networkMode: "always", refetchOnWindowFocus: false },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}
