import type { ErrorCode } from "../../core/errors/error-codes.ts";
import { HandbackError } from "../../core/errors/errors.ts";

/** The exit codes of `handback`, by the kind of the error. They are names: none ever changes. */
export const EXIT = {
  ok: 0,
  /** The flow failed, was canceled, or ended otherwise than asked for. */
  failed: 1,
  /** The command line, or a value on it, is wrong. */
  usage: 2,
  /** There is no such flow, function, state, letter or file. */
  notFound: 3,
  /** It stands otherwise: the flow has ended, the key is taken, it was decided before. */
  conflict: 4,
  /** The server does not allow it. */
  forbidden: 5,
  /** The server or the store cannot be reached now. The same command may succeed later. */
  unavailable: 6,
  /** The store is damaged, or of a newer format. */
  store: 7,
  /** Something that no code covers. */
  internal: 70,
} as const;

/** A kind of error, by its exit code. */
export type ExitKind = keyof typeof EXIT;

const KINDS: Readonly<Partial<Record<ErrorCode, ExitKind>>> = {
  NOT_FOUND: "notFound",
  UNKNOWN_FUNCTION: "notFound",
  EXPIRED: "notFound",
  IDEMPOTENCY_CONFLICT: "conflict",
  FLOW_OVER: "conflict",
  ALREADY_COMPLETED: "conflict",
  ALREADY_OPEN: "conflict",
  NOT_RESTARTABLE: "conflict",
  NOT_PAUSED: "conflict",
  FORBIDDEN: "forbidden",
  SERVER_UNAVAILABLE: "unavailable",
  CLUSTER_UNAVAILABLE: "unavailable",
  OVERLOADED: "unavailable",
  STORE_LOCKED: "unavailable",
  STORE_BUSY: "unavailable",
  STORE_FULL: "unavailable",
  CLOSED: "unavailable",
  STORE_OPEN_FAILED: "store",
  STORE_CORRUPT: "store",
  STORE_INCOMPLETE: "store",
  STORE_FENCED: "store",
  STORE_FAILED: "store",
  BACKUP_FAILED: "store",
  FORMAT_TOO_NEW: "store",
};

/** Kinds of the problems that only a server has, by their status. */
const KINDS_OF_STATUS: ReadonlyMap<number, ExitKind> = new Map([
  [400, "usage"],
  [404, "notFound"],
  [409, "conflict"],
]);

/** Codes of errors in what the person has given. */
const USAGE =
  /^(INVALID_|DUPLICATE_|UNSERIALIZABLE$|TOO_DEEP$|PAYLOAD_TOO_LARGE$|UNSUPPORTED$|NOT_A_)/;

/** Returns the kind of an error. */
export function kindOfError(error: unknown): ExitKind {
  if (error instanceof CommandError) return error.kind;
  if (!HandbackError.is(error)) return "internal";
  const { status } = error.details;
  if (error.code === "UNEXPECTED_ANSWER")
    return (typeof status === "number" && KINDS_OF_STATUS.get(status)) || "internal";
  return KINDS[error.code] ?? (USAGE.test(error.code) ? "usage" : "failed");
}

/** An error of the command line itself, for which the library has no code. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly kind: ExitKind;
  /** What the person can do next. */
  readonly hint: string | undefined;

  constructor(kind: ExitKind, message: string, hint?: string) {
    super(message);
    this.kind = kind;
    this.hint = hint;
  }
}
