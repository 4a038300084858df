/** Small words: numbers, plurals, sentences. */

const grouped = new Intl.NumberFormat("en");

/** `4,182` */
export const count = (n: number): string => grouped.format(n);

/** `1 hold`, `3 holds`, `1,204 characters` */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** `1.2 KB`: how large a text is, roughly, where one character is about one byte. */
export function size(characters: number): string {
  if (characters < 1000) return plural(characters, "character");
  if (characters < 1_000_000) return `${trim(characters / 1000)} KB`;
  return `${trim(characters / 1_000_000)} MB`;
}

const trim = (n: number): string => n.toFixed(n < 10 ? 1 : 0).replace(/\.0$/, "");

/** Messages come in lower case and without a full stop; on screen they are sentences. */
export function sentence(message: string, startsHere = true): string {
  const text = message.trim();
  if (text === "") return "";
  const begun = startsHere ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.?:…]$/.test(begun) ? begun : `${begun}.`;
}

/** The same without the full stop, for words that others follow. */
export function phrase(message: string): string {
  return sentence(message).replace(/\.$/, "");
}

/** `a`, `a and b`, `a, b and c` */
export function listed(words: readonly string[], joiner = "and"): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${joiner} ${words.at(-1) ?? ""}`;
}

const LONGEST_PATH = 56;

/** `/home/ana/…/versions/2.4.1/claude`: what is left out is in the middle, between whole names where that can be. */
export function shortPath(path: string): string {
  const all = Array.from(path);
  if (all.length <= LONGEST_PATH) return path;
  const tail = all.slice(-Math.floor(LONGEST_PATH * 0.6));
  const end = tail.slice(Math.max(0, tail.indexOf("/")));
  const head = all.slice(0, LONGEST_PATH - 1 - end.length);
  const begin = head.slice(0, head.lastIndexOf("/") + 1 || head.length);
  return `${begin.join("")}…${end.join("")}`;
}
