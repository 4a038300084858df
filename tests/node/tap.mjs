// Runs the server given as further arguments, and writes every line that it is sent into the file named first.
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [record, command, ...args] = process.argv.slice(2);
const server = spawn(command, args, { stdio: ["pipe", "inherit", "inherit"] });
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  appendFileSync(record, `${line}\n`);
  server.stdin.write(`${line}\n`);
});
lines.on("close", () => server.stdin.end());
server.on("exit", (code) => process.exit(code ?? 1));
