// Doorward's conformance upstream. Serves both eras of MCP at once, over Streamable HTTP or, with `--stdio`, over
// standard input and output.
//
//   node server.mjs [--port N] [--lenient]     prints `listening on URL` once it does
//   node server.mjs --stdio
//
// A lenient server checks neither `Host` nor `Origin` nor the headers that repeat a body: what has to be caught then
// is for whoever stands in front of it.

import { parseArgs } from "node:util";
import { serveHttp } from "./http.mjs";
import { serveStdio } from "./stdio.mjs";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    lenient: { type: "boolean", default: false },
    stdio: { type: "boolean", default: false },
  },
});

if (values.stdio) {
  serveStdio();
} else {
  const url = await serveHttp(Number(values.port), { lenient: values.lenient });
  console.log(`listening on ${url}`);
}
