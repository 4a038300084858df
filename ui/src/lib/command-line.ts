/**
 * Splits a typed command line into its parts, as a shell would with quotes and backslashes, and nothing else:
 * no variables, no globs, no pipes. The parts are shown before they are saved.
 */

export type CommandLine = { parts: string[]; problem: string | null };

export function splitCommandLine(line: string): CommandLine {
  const parts: string[] = [];
  let part: string | null = null;
  let quote: "'" | "\"" | null = null;
  for (let i = 0; i < line.length; i++) {
    const c = line.charAt(i);
    if (quote === "'") {
      if (c === "'") quote = null;
      else part = (part ?? "") + c;
    } else if (c === "\\" && (quote === null || /["\\]/.test(line.charAt(i + 1)))) {
      i += 1;
      if (i === line.length) return { parts, problem: "It ends with a backslash. Remove it, or put a character after it." };
      part = (part ?? "") + line.charAt(i);
    } else if (quote === "\"") {
      if (c === "\"") quote = null;
      else part = (part ?? "") + c;
    } else if (c === "'" || c === "\"") {
      quote = c;
      part ??= "";
    } else if (/\s/.test(c)) {
      if (part !== null) parts.push(part);
      part = null;
    } else {
      part = (part ?? "") + c;
    }
  }
  if (quote !== null) return { parts, problem: `A quote is open. Close it with ${quote}.` };
  if (part !== null) parts.push(part);
  return { parts, problem: null };
}
