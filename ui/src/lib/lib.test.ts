import { describe, expect, it } from "vitest";
import { splitCommandLine } from "./command-line";
import { lineDiff } from "./line-diff";
import { checked, head, piecesOf } from "./pieces";
import { ago, countdown, lengthOf, timeLeft } from "./time";
import { listed, phrase, plural, sentence, shortPath, size } from "./words";

const texts = (value: string): string[] => piecesOf(value).map((piece) => piece.kind === "plain" ? piece.text : `[${piece.name}]`);

describe("text from outside", () => {
  it("keeps plain text in one piece, with line feeds and tabs", () => {
    expect(texts("größer 日本語\n\tend")).toEqual(["größer 日本語\n\tend"]);
  });

  it("takes marks of Rust as hidden characters", () => {
    expect(texts("Nordwind⟨ZERO-WIDTH SPACE⟩ GmbH")).toEqual(["Nordwind", "[ZERO-WIDTH SPACE]", " GmbH"]);
    expect(texts("x⟨CONTROL U+0007⟩")).toEqual(["x", "[CONTROL U+0007]"]);
  });

  it("marks what came through unmarked, by its code point", () => {
    expect(texts("a\u202eb\u200b\u0007")).toEqual(["a", "[U+202E]", "b", "[U+200B]", "[U+0007]"]);
  });

  it("looks through plain pieces of a value once more, but believes no mark that an agent typed", () => {
    const pieces = checked([{ kind: "plain", text: "⟨ESCAPE⟩\u202e" }]);
    expect(pieces).toEqual([{ kind: "plain", text: "⟨ESCAPE⟩" }, { kind: "hidden", text: "\u202e", name: "U+202E" }]);
  });

  it("shows the beginning and counts the hidden characters that follow", () => {
    const pieces = piecesOf(`${"a".repeat(10)}\u200b${"b".repeat(10)}\u200b`);
    expect(head(pieces, 4)).toEqual({ pieces: [{ kind: "plain", text: "aaaa" }], hiddenAfter: 2, rest: true });
    expect(head(pieces, 100)).toEqual({ pieces, hiddenAfter: 0, rest: false });
  });

  it("never cuts a character in half", () => {
    expect(head([{ kind: "plain", text: "a😀b" }], 2).pieces).toEqual([{ kind: "plain", text: "a😀" }]);
    // Counted as Rust counts: nothing is left over, and nothing is left out.
    const faces = `${"😀".repeat(10_000)}\nrm -rf ~`;
    const all = head([{ kind: "plain", text: faces }], 10_009);
    expect(all).toEqual({ pieces: [{ kind: "plain", text: faces }], hiddenAfter: 0, rest: false });
    expect(head([{ kind: "plain", text: faces }], 10_008).rest).toBe(true);
  });

  it("begins with few lines too", () => {
    const shown = head([{ kind: "plain", text: `${"\n".repeat(300)}/etc/shadow` }], 240, 12);
    expect(shown).toEqual({ pieces: [{ kind: "plain", text: "\n".repeat(11) }], hiddenAfter: 0, rest: true });
  });
});

describe("a command line", () => {
  it.each([
    ["npx -y server /home/ana", ["npx", "-y", "server", "/home/ana"]],
    ["a 'b c' \"d e\" f\\ g", ["a", "b c", "d e", "f g"]],
    ["a \"\" ''", ["a", "", ""]],
    ["a=\"b\"'c'd", ["a=bcd"]],
    ["\"say \\\"hi\\\"\" 'no \\ escape'", ["say \"hi\"", "no \\ escape"]],
    ["\"C:\\dir\"", ["C:\\dir"]],
    ["  spaced   out  ", ["spaced", "out"]],
    ["$HOME *.ts | cat", ["$HOME", "*.ts", "|", "cat"]],
  ])("%s is split as a shell would", (line, parts) => {
    expect(splitCommandLine(line)).toEqual({ parts, problem: null });
  });

  it("says what is wrong with an open quote or a last backslash", () => {
    expect(splitCommandLine("a 'b").problem).toMatch(/quote is open/);
    expect(splitCommandLine("a \\").problem).toMatch(/backslash/);
  });
});

describe("a line diff", () => {
  const signs = (before: string | null, after: string | null): string[] =>
    lineDiff(before, after).map(({ kind, text }) => `${kind} ${text}`);

  it("shows changed lines between those that stay", () => {
    expect(signs("a\nb\nc\n", "a\nB\nc\n")).toEqual(["same a", "removed b", "added B", "same c"]);
  });

  it("shows a new and a removed file in full", () => {
    expect(signs(null, "a\nb\n")).toEqual(["added a", "added b"]);
    expect(signs("a\n", null)).toEqual(["removed a"]);
  });

  it("says how many unchanged lines it leaves out", () => {
    const lines = Array.from({ length: 20 }, (_, i) => `line ${i}`);
    expect(signs(lines.join("\n"), [...lines, "more"].join("\n"))).toEqual([
      "skipped 17 unchanged lines", "same line 17", "same line 18", "same line 19", "added more",
    ]);
  });

  it("does not compare what is too large, and still shows all of it", () => {
    const large = Array.from({ length: 1500 }, (_, i) => `line ${i}`).join("\n");
    expect(lineDiff(large, large)).toHaveLength(3000);
  });
});

describe("words", () => {
  it("makes sentences of messages", () => {
    expect(sentence("the keychain is locked")).toBe("The keychain is locked.");
    expect(sentence("did you mean `when`?")).toBe("Did you mean `when`?");
    expect(sentence("")).toBe("");
    expect(phrase("approved in the window.")).toBe("Approved in the window");
  });

  it("counts", () => {
    expect(plural(1, "hold")).toBe("1 hold");
    expect(plural(4182, "character")).toBe("4,182 characters");
    expect(plural(2, "policy", "policies")).toBe("2 policies");
    expect(size(4182)).toBe("4.2 KB");
    expect(size(12)).toBe("12 characters");
    expect(size(1_080_000)).toBe("1.1 MB");
    expect(listed(["a", "b", "c"])).toBe("a, b and c");
  });

  it("leaves the middle of a long path out, between whole names where that can be", () => {
    const fits = "/home/ana/.local/share/claude/versions/2.4.1/bin/claude";
    expect(shortPath(fits)).toBe(fits);
    expect(shortPath(`/home/ana/.local/share/deep${fits}`)).toBe("/home/ana/.local/…/claude/versions/2.4.1/bin/claude");
    const name = `/${"x".repeat(80)}😀`;
    expect(shortPath(name)).toBe(`/…${"x".repeat(32)}😀`);
    expect(shortPath("y".repeat(80))).toBe(`${"y".repeat(22)}…${"y".repeat(33)}`);
  });

  it("says a length of time", () => {
    expect([45, 280, 600, 3600, 5430, 86_400].map(lengthOf)).toEqual(["45 s", "4 min 40 s", "10 min", "1 h", "1 h 30 min 30 s", "24 h"]);
  });

  it("tells what is left and what is past", () => {
    expect(countdown(761_000)).toBe("12:41");
    expect(countdown(3_729_000)).toBe("1:02:09");
    expect(countdown(-5)).toBe("0:00");
    expect(timeLeft(30_000)).toBe("less than a minute left");
    expect(timeLeft(90 * 60_000)).toBe("about 2 hours left");
    expect(ago(12_000)).toBe("12 s ago");
    expect(ago(100)).toBe("just now");
  });
});
