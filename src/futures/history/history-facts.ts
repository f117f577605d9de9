import type { Json } from "../../core/data/json.ts";

/** The start of a flow. */
interface FlowStarted {
  /** Type of the function that was started, `namespace/name`. */
  readonly function: string;
}

/** A new run of a flow. */
interface FlowRestarted extends FlowStarted {
  /** The idempotency keys of its calls: those of the run before, or new ones. */
  readonly keys: "same" | "new";
}

/** The end of a flow that did not complete. */
interface FlowRejected extends FlowStarted {
  /** Code of the failure; `FUNCTION_FAILED` if a function threw. */
  readonly code: string;
}

/** A message to a function. */
interface MessageFacts {
  /** Type of the function, `namespace/name`. */
  readonly function: string;
  /** Id of the address at which the function handles the message. */
  readonly id: string;
  /** Id of the message. All entries about one call have the same. */
  readonly message: string;
}

/** A message that left. */
interface MessageSent extends MessageFacts {
  /** Instant before which it is not delivered, in ms since the epoch. `undefined`: at once. */
  readonly dueAt: number | undefined;
}

/** A run of a handler that has ended. */
interface HandlerRan extends MessageFacts {
  /** 1 for the first attempt under a retry policy. */
  readonly attempt: number;
  /**
   * Instant at which its message was ready to run, in this process. `undefined` if it is unknown.
   * This and all other instants are in ms since the epoch.
   */
  readonly queuedAt: number | undefined;
  readonly beganAt: number;
  readonly endedAt: number;
  readonly billedNs: number;
  /** The part of `billedNs` for which it was blocked. */
  readonly blockedNs: number;
  /**
   * `"returned"` a value, or `"handedBack"` a future. It `"failed"`: the failure passed on, or
   * `"retries"`: another attempt follows. It was `"cancelled"` meanwhile.
   */
  readonly outcome: "returned" | "handedBack" | "failed" | "retries" | "cancelled";
  /** Code of the failure, if it failed. */
  readonly code: string | undefined;
}

/** A timer. */
interface TimerFacts {
  /** Names the timer. All entries about it have the same. */
  readonly timer: string;
}

/** A pause or its end. */
interface PauseFacts {
  /** Id of the message of the call that failed and paused. `undefined`: a client paused the flow. */
  readonly message: string | undefined;
}

/** The facts in an entry of a history, by its type. They hold no values of users. */
export interface HistoryFacts {
  readonly started: FlowStarted;
  readonly restarted: FlowRestarted;
  readonly completed: FlowStarted;
  readonly failed: FlowRejected;
  readonly cancelled: FlowRejected;
  /** A function was called. */
  readonly called: MessageSent;
  /** A one-way message left the flow. */
  readonly sent: MessageSent;
  /** A handler ran. */
  readonly ran: HandlerRan;
  /** A call was canceled before its handler ran. */
  readonly callCancelled: MessageFacts;
  /** A canceled run crashed, or did not end in its grace. */
  readonly runAbandoned: MessageFacts;
  /** A call was given up because it crashed the process. */
  readonly poisoned: MessageFacts & { readonly crashes: number };
  readonly timerSet: TimerFacts & { readonly dueAt: number };
  readonly timerFired: TimerFacts;
  readonly timerCancelled: TimerFacts;
  /** `client.signal` sent an event. */
  readonly eventReceived: { readonly event: string };
  /** `client.settle` or `client.reject` settled a promise. */
  readonly promiseSettled: {
    /** Names the promise. */
    readonly promise: string;
    readonly outcome: "fulfilled" | "rejected";
  };
  /** The flow, or a call that failed, waits for a person. */
  readonly paused: PauseFacts;
  /** A person let it go on. */
  readonly resumed: PauseFacts;
  /** A future was rejected and nothing awaits it. */
  readonly unhandled: { readonly code: string };
  /** The history was full: this many of its oldest entries were deleted. */
  readonly gap: { readonly missing: number };
}

/** The types of entries. */
export type HistoryType = keyof HistoryFacts;

/**
 * The facts of each type, in the order in which they are stored. A fact may be added at the end of a
 * list; an entry from before lacks it.
 */
const STORED: { readonly [Type in HistoryType]: readonly (keyof HistoryFacts[Type])[] } = {
  started: ["function"],
  restarted: ["function", "keys"],
  completed: ["function"],
  failed: ["function", "code"],
  cancelled: ["function", "code"],
  called: ["function", "id", "message", "dueAt"],
  sent: ["function", "id", "message", "dueAt"],
  ran: [
    "function",
    "id",
    "message",
    "attempt",
    "queuedAt",
    "beganAt",
    "endedAt",
    "billedNs",
    "blockedNs",
    "outcome",
    "code",
  ],
  callCancelled: ["function", "id", "message"],
  runAbandoned: ["function", "id", "message"],
  poisoned: ["function", "id", "message", "crashes"],
  timerSet: ["timer", "dueAt"],
  timerFired: ["timer"],
  timerCancelled: ["timer"],
  eventReceived: ["event"],
  promiseSettled: ["promise", "outcome"],
  paused: ["message"],
  resumed: ["message"],
  unhandled: ["code"],
  gap: ["missing"],
};

const LIFECYCLE_TYPES = ["started", "restarted", "completed", "failed", "cancelled"] as const;

/** The types of entries about the starts and ends of flows, which `client.events` reads. */
export type LifecycleType = (typeof LIFECYCLE_TYPES)[number];

export const LIFECYCLE: ReadonlySet<string> = new Set<HistoryType>(LIFECYCLE_TYPES);

/** An entry without its place: its type, its instant, and its facts. */
export type HistoryFact = {
  readonly [Type in HistoryType]: {
    readonly type: Type;
    /** Instant, in ms since the epoch. */
    readonly at: number;
  } & HistoryFacts[Type];
}[HistoryType];

/** Tells whether an encoded entry is about a start or an end. A full history keeps these. */
function isKept(entry: Json): boolean {
  return LIFECYCLE.has((entry as readonly [HistoryType])[0]);
}

/** Makes an encoded entry for a gap. */
function gap(missing: number, at: number): Json {
  return encodeHistoryFact({ type: "gap", at, missing });
}

/** Returns the number of entries that an encoded entry counts for. */
function weight(entry: Json): number {
  const fact = decodeHistoryFact(entry);
  return fact?.type === "gap" ? fact.missing : 1;
}

/** The entries of histories, for an engine that bounds them. */
export const historyEntries = { isKept, gap, weight };

/** Encodes an entry as a list: the type, the instant, and the facts. */
export function encodeHistoryFact({ type, at, ...facts }: HistoryFact): Json {
  const names: readonly string[] = STORED[type];
  const values: Readonly<Record<string, Json | undefined>> = facts;
  return [type, at, ...names.map((name) => values[name] ?? null)];
}

/** Decodes the result of {@link encodeHistoryFact}. An entry of a later release is `undefined`. */
export function decodeHistoryFact(entry: Json): HistoryFact | undefined {
  const [type, at, ...values] = entry as readonly [HistoryType, number, ...Json[]];
  if (!Object.hasOwn(STORED, type)) return undefined;
  const facts = STORED[type].map((name, index) => [name, values[index] ?? undefined]);
  // `fromEntries` loses the names.
  return { type, at, ...Object.fromEntries(facts) } as HistoryFact;
}
