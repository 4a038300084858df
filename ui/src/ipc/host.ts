/** The one door between the window and what runs behind it: the Tauri host, or a fake one in tests. */
import type { Changed, IpcError, IpcSchema } from "./schema";

export type Unsubscribe = () => void;

export interface Host {
  /** Rejects with an {@link IpcError}, or with whatever broke on the way. */
  call(name: keyof IpcSchema, body: object): Promise<unknown>;
  onChanged(listener: (changed: Changed) => void): Unsubscribe;
  /** A notification or the tray asks to show one hold. */
  onOpenHold(listener: (hold: string) => void): Unsubscribe;
  /** The approval window alone has these: its hold, its end, and the way to the main window. */
  shownHold(): Promise<string | null>;
  putAway(): Promise<void>;
  openInInbox(): Promise<void>;
}

/** A command that could not do what was asked: what happened, and what to do next. */
export class IpcFailure extends Error {
  readonly code: string;
  readonly hint: string;

  constructor({ code, message, hint }: IpcError) {
    super(message);
    this.name = "IpcFailure";
    this.code = code;
    this.hint = hint;
  }
}

let current: Host | null = null;

/** Set once, before the first render. */
export function installHost(host: Host): void {
  current = host;
}

export function currentHost(): Host {
  if (current === null) throw new Error("no host is set");
  return current;
}

export async function call<K extends keyof IpcSchema>(name: K, req: IpcSchema[K]["req"]): Promise<IpcSchema[K]["res"]> {
  try {
    return await currentHost().call(name, req) as IpcSchema[K]["res"];
  } catch (error) {
    throw failureOf(error);
  }
}

/** Everything that can come back from the other side, as one kind of error with a next step. */
export function failureOf(error: unknown): IpcFailure {
  if (error instanceof IpcFailure) return error;
  if (isIpcError(error)) return new IpcFailure(error);
  const message = error instanceof Error ? error.message : String(error);
  return new IpcFailure({ code: "unreachable", message, hint: "Close Doorward and start it again. Holds are kept." });
}

function isIpcError(value: unknown): value is IpcError {
  if (typeof value !== "object" || value === null) return false;
  const { code, message, hint } = value as Partial<Record<keyof IpcError, unknown>>;
  return typeof code === "string" && typeof message === "string" && typeof hint === "string";
}
