import { describe, expect, it } from "vitest";
import { isNumber, parseJson, printJson } from "./exact-json";

describe("exact JSON", () => {
  it("keeps every number as it was written", () => {
    const text = "{\"amount\":7250.00,\"big\":123456789012345678901234567890,\"small\":-0,\"power\":1e400,\"list\":[1.0,true,null,\"é\\n\"]}";
    expect(printJson(parseJson(text))).toBe(text);
    expect(printJson(parseJson(" { \"a\" : [ ] , \"b\" : { } } "))).toBe("{\"a\":[],\"b\":{}}");
  });

  it.each([
    ["{\"a\":1,\"a\":2}", "the name \"a\" stands there twice"],
    ["{\"a\":1,}", "unexpected } at character 8"],
    ["[1 2]", "unexpected 2 at character 4"],
    ["01", "unexpected 1 at character 2"],
    ["\"tab\there\"", "unexpected \" at character 1"],
    ["nul", "unexpected n at character 1"],
    ["[1", "it ends too early"],
    ["", "it ends too early"],
    ["[".repeat(80), "nested deeper than 64 levels"],
  ])("refuses %s", (text, words) => {
    expect(() => parseJson(text)).toThrow(words);
  });

  it("knows a number when it is one", () => {
    expect(["0", "-1.50", "1e3", "7250.00"].every(isNumber)).toBe(true);
    expect(["", "01", "1.", "+1", "1,5", "NaN", "1 "].some(isNumber)).toBe(false);
  });
});
