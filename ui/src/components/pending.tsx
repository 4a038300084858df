/** Shown while an answer is awaited; nothing at all for the first moments, so that fast answers do not flicker. */
import { useEffect, useState } from "react";

const PATIENCE = 400;

export function Pending({ what, verb = "Reading" }: { what: string; verb?: string }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => { setLate(true); }, PATIENCE);
    return () => { clearTimeout(timer); };
  }, []);
  return <p className="faint" role="status">{late ? `${verb} ${what}…` : ""}</p>;
}
