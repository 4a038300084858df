/** How long ago something was, kept current; the exact moment on hover. */
import { useNow } from "@/lib/clock";
import { ago, moment } from "@/lib/time";

export function Ago({ at, precision }: { at: number; precision: "second" | "minute" }) {
  const now = useNow(precision);
  return <time dateTime={new Date(at).toISOString()} title={moment(at)}>{ago(now - at)}</time>;
}
