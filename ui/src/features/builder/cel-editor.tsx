/** The condition as text: CEL with completion and findings in place. Either side may be edited. */
import { autocompletion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import CodeMirror, { type ReactCodeMirrorRef } from "@uiw/react-codemirror";
import { memo, useEffect, useMemo, useRef } from "react";
import type { AttributeChoice, DraftView } from "@/ipc/schema";
import classes from "./builder.module.css";

const cel = StreamLanguage.define<object>({
  startState: () => ({}),
  token: (stream) => {
    if (stream.eatSpace()) return null;
    if (stream.match(/^\/\/.*/)) return "comment";
    if (stream.match(/^r?"(?:[^"\\]|\\.)*"?/) || stream.match(/^r?'(?:[^'\\]|\\.)*'?/)) return "string";
    if (stream.match(/^\d[\d.eE]*/)) return "number";
    if (stream.match(/^(?:true|false|null|in)\b/)) return "keyword";
    if (stream.match(/^(?:&&|\|\||[=!<>]=|[!<>?:+\-*/%])/)) return "operator";
    if (stream.match(/^[A-Za-z_]\w*(?=\()/)) return "function";
    if (stream.match(/^[A-Za-z_]\w*/)) return "variableName";
    stream.next();
    return null;
  },
  tokenTable: { function: tags.function(tags.variableName) },
});

const colours = HighlightStyle.define([
  { tag: tags.string, color: "var(--allow)" },
  { tag: tags.number, color: "var(--hold)" },
  { tag: tags.keyword, color: "var(--step)" },
  { tag: tags.operator, color: "var(--step)" },
  { tag: tags.comment, color: "var(--ink3)", fontStyle: "italic" },
  { tag: tags.function(tags.variableName), color: "var(--accent)" },
]);

const look = EditorView.theme({
  "&": { backgroundColor: "var(--raised)", color: "var(--ink)", fontSize: "12.5px", borderRadius: "8px" },
  "&:focus-within": { outline: "2px solid var(--accent)", outlineOffset: "-1px" },
  ".cm-content": { fontFamily: "var(--mono)", padding: "10px 4px", fontVariantLigatures: "none", caretColor: "var(--ink)" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", maxHeight: "220px" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "color-mix(in srgb, var(--accent) 26%, transparent)" },
  ".cm-tooltip": { backgroundColor: "var(--panel)", border: "1px solid var(--line2)", borderRadius: "8px", color: "var(--ink)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent-soft)", color: "var(--ink)" },
  ".cm-diagnostic": { fontFamily: "var(--words)", fontSize: "12.5px" },
  ".cm-placeholder": { color: "var(--ink3)" },
});

const CALLS = ["has()", "between(, , )", "ignoreCase()", "timestamp(\"\")", "contains(\"\")", "startsWith(\"\")", "endsWith(\"\")", "matches(\"\")", "within(\"/\")"];

/** One object: another one would set the editor up anew. */
const SETUP = {
  lineNumbers: false, foldGutter: false, highlightActiveLine: false, highlightActiveLineGutter: false, searchKeymap: false,
  autocompletion: false,
};

export const CelEditor = memo(function CelEditor({ text, view, attributes, onChange }: {
  text: string;
  view: DraftView | undefined;
  attributes: readonly AttributeChoice[];
  onChange: (text: string) => void;
}) {
  const editor = useRef<ReactCodeMirrorRef>(null);
  const extensions = useMemo(() => [
    cel, syntaxHighlighting(colours), look, EditorView.lineWrapping,
    autocompletion({ override: [(context) => complete(context, attributes)], icons: false }),
    EditorView.contentAttributes.of({ "aria-label": "Condition as text" }),
  ], [attributes]);
  useEffect(() => {
    const inner = editor.current?.view;
    if (inner === undefined) return;
    inner.dispatch(setDiagnostics(inner.state, diagnostics(view, inner.state.doc.length)));
  }, [view, text]);
  return (
    <div className={classes.cel} data-testid="cel">
      <CodeMirror
        ref={editor} value={text} extensions={extensions} theme="none" onChange={onChange} placeholder="always: there is no condition"
        indentWithTab={false} basicSetup={SETUP}
      />
    </div>
  );
});

function diagnostics(view: DraftView | undefined, length: number): Diagnostic[] {
  if (view === undefined) return [];
  const inside = (at: number): number => Math.min(Math.max(at, 0), length);
  const found: Diagnostic[] = view.findings.flatMap(({ from, to, severity, sentence }) => from === null || to === null
    ? []
    : [{ from: inside(from), to: inside(to), severity: severity === "advice" ? "info" : severity, message: sentence }]);
  const problem = view.text_problem;
  if (problem !== null) {
    const at = inside(problem.at);
    found.push({
      from: at === length ? Math.max(0, at - 1) : at, to: inside(at + 1), severity: "error",
      message: problem.hint === null ? problem.message : `${problem.message}; ${problem.hint}`,
    });
  }
  return found;
}

function complete(context: CompletionContext, attributes: readonly AttributeChoice[]): CompletionResult | null {
  const word = context.matchBefore(/[\w.]*/);
  if (word === null || (word.from === word.to && !context.explicit)) return null;
  return {
    from: word.from,
    options: [
      ...attributes.filter(({ part }) => part === null).map(({ attribute, kind, description }) => ({
        label: attribute, detail: kind, ...(description === null ? {} : { info: description }),
      })),
      ...CALLS.map((label) => ({ label, type: "function" })),
    ],
    validFor: /^[\w.]*$/,
  };
}
