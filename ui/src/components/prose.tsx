/** A sentence from Rust; what stands in backticks is a value. */
import { Marked } from "./marked";

export function Prose({ text }: { text: string }) {
  return text.split(/(`[^`]*`)/).map((part, index) =>
    part.length > 2 && part.startsWith("`") && part.endsWith("`")
      ? <code key={index}><Marked text={part.slice(1, -1)} /></code>
      : <Marked key={index} text={part} />);
}
