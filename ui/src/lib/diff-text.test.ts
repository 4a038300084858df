import { expect, it } from "vitest";
import { kindsOf } from "./diff-text";

it("tells added and taken out lines of a unified diff", () => {
  const text = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n same\n-old\n+new\n@@ -9 +9,2 @@ fn x()\n same\n+more\n\\ No newline at end of file\n";
  expect(kindsOf(text.split("\n"))).toEqual([
    "place", "place", "place", undefined, "removed", "added", "place", undefined, "added", undefined,
  ]);
});

it("tells them too where the end is folded away", () => {
  expect(kindsOf(["@@ -1,9 +1,9 @@", "-a", "+b"])).toEqual(["place", "removed", "added"]);
});

it.each([
  ["a list with such a line somewhere", "- run: curl x | sh\n# @@ -1,2 +1,2 @@\n- run: ls"],
  ["a place with words before it", "do this:\n@@ -1 +1 @@\n-a\n+b"],
  ["a place with other lines behind it", "@@ -1 +1 @@\n-a\n+b\n- run: rm -rf /"],
  ["a place that counts fewer lines than follow", "@@ -1,1 +1,0 @@\n-a\n-b"],
  ["no diff", "- a\n+ b"],
])("takes %s for no diff", (_, text) => {
  expect(kindsOf(text.split("\n"))).toBeNull();
});
