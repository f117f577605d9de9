import type { HistoryFact } from "../../futures/history/history-facts.ts";
import type { Span } from "./axis.ts";

/** A run of a handler. */
export type Run = Extract<HistoryFact, { readonly type: "ran" }>;

/** A thing that happened at an instant. */
export interface Mark {
  readonly at: number;
  readonly kind: "good" | "bad" | "note";
  readonly text: string;
}

/** One row of a waterfall: a run, or a call that has not run yet. */
export interface Row {
  readonly function: string;
  /** Tells rows of one function apart: the attempt, or the address. Can be empty. */
  readonly note: string;
  readonly isRoot: boolean;
  readonly run: (Span & Pick<Run, "outcome" | "code"> & { readonly blockedMs: number }) | undefined;
  /** The time in which it waited and cost nothing. */
  readonly parked: (Span & { readonly why: "waits" | "queued" | "paused" }) | undefined;
  readonly marks: readonly Mark[];
}

/** The rows of a flow, and the time that they cover. */
export interface Rows extends Span {
  readonly rows: readonly Row[];
  /** Number of entries that the history has lost. */
  readonly missing: number;
  readonly functions: number;
  readonly runs: number;
}

/** A row that is being made. */
interface Draft {
  readonly function: string;
  readonly id: string;
  readonly message: string;
  readonly attempt: number;
  readonly isRoot: boolean;
  /** The run that sent the call. */
  readonly sender: Draft | undefined;
  readonly calledAt: number;
  run?: Run;
  parked?: (Span & { readonly why: "waits" | "queued" | "paused" }) | undefined;
  readonly marks: Mark[];
}

/** Time, in ms, between a run's end and the entries of what it sent. */
const AT_ONCE_MS = 10;

/** The types of entries that an activation notes after its run. */
const BY_RUN: ReadonlySet<string> = new Set(["called", "sent", "timerSet", "unhandled"]);

/** Makes the rows of a flow from its history, in the order in which calls were sent. */
export function rowsOf(entries: readonly HistoryFact[], now: number): Rows {
  const from = entries[0]?.at ?? now;
  const end = entries.find((entry) => isEnd(entry));
  const drafts = new Drafts({ endAt: end?.at ?? now, isOver: end !== undefined });
  for (const entry of entries) drafts.add(entry);
  const rows = drafts.finish();
  const runs = entries.filter((entry) => entry.type === "ran");
  const last = Math.max(from, end?.at ?? now, ...runs.map((run) => spanOf(run).to));
  return {
    from: Math.min(from, ...runs.map(({ beganAt }) => beganAt)),
    to: last,
    rows,
    missing: entries.reduce((sum, entry) => sum + (entry.type === "gap" ? entry.missing : 0), 0),
    functions: new Set(runs.map((run) => run.function)).size,
    runs: runs.length,
  };
}

/** A run is as long as it is billed, so that bars add up to the bill. */
function spanOf({ beganAt, billedNs }: Run): Span {
  return { from: beganAt, to: beganAt + billedNs / 1e6 };
}

function isEnd({ type }: HistoryFact): boolean {
  return type === "completed" || type === "failed" || type === "cancelled";
}

/** The rows so far. */
class Drafts {
  readonly #all: Draft[] = [];
  readonly #last = new Map<string, Draft>();
  readonly #endAt: number;
  readonly #isOver: boolean;
  /** The run whose entries follow. */
  #current: Draft | undefined;

  constructor({ endAt, isOver }: { readonly endAt: number; readonly isOver: boolean }) {
    this.#endAt = endAt;
    this.#isOver = isOver;
  }

  add(entry: HistoryFact): void {
    if (entry.type === "ran") this.#current = this.#addRun(entry);
    else if (!BY_RUN.has(entry.type)) this.#current = undefined;
    if (entry.type === "called") this.#addCall(entry);
    const mark = markOf(entry);
    if (mark !== undefined) this.#addMark(entry, mark);
    if (entry.type === "paused" || entry.type === "resumed") this.#pause(entry);
    if (
      entry.type === "callCancelled" ||
      entry.type === "runAbandoned" ||
      entry.type === "poisoned"
    )
      this.#endCall(entry);
  }

  finish(): readonly Row[] {
    for (const draft of this.#all) draft.parked ??= this.#parkedOf(draft);
    return this.#all.map((draft) => toRow(draft));
  }

  #addRun(run: Run): Draft {
    const before = this.#last.get(run.message);
    // A call that has not run yet has its row already. Each further attempt has a row of its own.
    const draft =
      before !== undefined && before.run === undefined ? before : this.#begin(run, before);
    draft.run = run;
    if (before?.run?.outcome === "retries")
      before.parked = { from: runEnd(before), to: run.queuedAt ?? run.beganAt, why: "waits" };
    if (draft.parked?.why === "queued") delete draft.parked;
    return draft;
  }

  #begin(run: Run, before: Draft | undefined): Draft {
    return this.#push({
      function: run.function,
      id: run.id,
      message: run.message,
      attempt: run.attempt,
      isRoot: before?.isRoot ?? this.#all.length === 0,
      sender: before?.sender,
      calledAt: run.queuedAt ?? run.beganAt,
      marks: [],
    });
  }

  #addCall({ at, ...call }: Extract<HistoryFact, { readonly type: "called" }>): void {
    // A handler that runs again after a crash calls the same once more.
    if (this.#last.has(call.message)) return;
    const sender = this.#senderAt(at);
    this.#release(call, at, sender);
    this.#push({
      function: call.function,
      id: call.id,
      message: call.message,
      attempt: 1,
      isRoot: false,
      sender,
      calledAt: at,
      marks: [],
    });
  }

  #push(draft: Draft): Draft {
    this.#all.push(draft);
    this.#last.set(draft.message, draft);
    return draft;
  }

  /** An activation notes all its entries at once. */
  #senderAt(at: number): Draft | undefined {
    const ranAt = this.#current?.run?.endedAt;
    return ranAt !== undefined && at - ranAt <= AT_ONCE_MS ? this.#current : undefined;
  }

  /**
   * Ends waits. A call that no run sent shows that something from outside has arrived. A stateful
   * function that waits calls itself at the same address to go on.
   */
  #release(
    call: Pick<Draft, "function" | "id" | "message">,
    at: number,
    sender: Draft | undefined,
  ): void {
    const resumed = this.#all.filter(
      (draft) =>
        !isGenerated(call.id) &&
        draft.id === call.id &&
        draft.function === call.function &&
        draft.run?.outcome === "handedBack",
    );
    for (const draft of sender === undefined ? [...this.#outside(), ...resumed] : resumed)
      draft.parked ??= { from: runEnd(draft), to: at, why: "waits" };
  }

  /** The rows that wait for something from outside. */
  #outside(): readonly Draft[] {
    const senders = new Set(this.#all.map(({ sender }) => sender));
    return this.#all.filter(
      (draft) =>
        !draft.isRoot &&
        draft.parked === undefined &&
        draft.run?.outcome === "handedBack" &&
        !senders.has(draft),
    );
  }

  #addMark(entry: HistoryFact, mark: Mark): void {
    const message = "message" in entry ? entry.message : undefined;
    const owner = message === undefined ? this.#outside().at(-1) : this.#last.get(message);
    (owner ?? this.#all[0])?.marks.push(mark);
  }

  #pause({
    type,
    at,
    message,
  }: Extract<HistoryFact, { readonly type: "paused" | "resumed" }>): void {
    const draft = message === undefined ? this.#all[0] : this.#last.get(message);
    if (draft === undefined) return;
    if (type === "paused") draft.parked = { from: at, to: this.#endAt, why: "paused" };
    else if (draft.parked?.why === "paused") draft.parked = { ...draft.parked, to: at };
  }

  #endCall({ at, message }: { readonly at: number; readonly message: string }): void {
    const draft = this.#last.get(message);
    if (draft !== undefined && draft.run === undefined)
      draft.parked = { from: draft.calledAt, to: at, why: "queued" };
  }

  #parkedOf(draft: Draft): Draft["parked"] {
    if (draft.run === undefined) return { from: draft.calledAt, to: this.#endAt, why: "queued" };
    if (draft.run.outcome === "retries")
      return { from: runEnd(draft), to: Math.max(runEnd(draft), this.#endAt), why: "waits" };
    if (draft.run.outcome !== "handedBack") return undefined;
    const [from, to] = [runEnd(draft), draft.isRoot ? this.#endAt : this.#endBelow(draft)];
    return from < to ? { from, to, why: "waits" } : undefined;
  }

  /** A row that handed back a call waits for it, and for the calls that this one hands back. */
  #endBelow(draft: Draft): number {
    const called = this.#all.filter(({ sender }) => sender === draft);
    // A stateful function that waits for itself goes on at the same address.
    const isOpen = !this.#isOver && !isGenerated(draft.id);
    if (called.length === 0 || isOpen) return this.#endAt;
    return Math.max(
      ...called.map((each) => {
        if (each.run === undefined) return each.parked?.to ?? this.#endAt;
        return each.run.outcome === "handedBack"
          ? (each.parked?.to ?? this.#endBelow(each))
          : runEnd(each);
      }),
    );
  }
}

function runEnd({ run, calledAt }: Draft): number {
  return run === undefined ? calledAt : spanOf(run).to;
}

function markOf(entry: HistoryFact): Mark | undefined {
  const { at } = entry;
  switch (entry.type) {
    case "ran":
      if (entry.outcome !== "failed" && entry.outcome !== "retries") return undefined;
      return {
        at: spanOf(entry).to,
        kind: "bad",
        text: `${entry.code ?? "failed"}${again(entry)}`,
      };
    case "eventReceived":
      return { at, kind: "good", text: `event ${entry.event}` };
    case "promiseSettled":
      return {
        at,
        kind: entry.outcome === "fulfilled" ? "good" : "bad",
        text: `promise ${entry.outcome}`,
      };
    case "timerFired":
      return { at, kind: "note", text: "timer fired" };
    case "paused":
      return { at, kind: "note", text: "paused" };
    case "resumed":
      return { at, kind: "note", text: "resumed" };
    case "callCancelled":
    case "runAbandoned":
      return { at, kind: "bad", text: "canceled" };
    case "poisoned":
      return { at, kind: "bad", text: `crashed the process ${entry.crashes} times` };
    default:
      return undefined;
  }
}

function again({ outcome }: Run): string {
  return outcome === "retries" ? ", another attempt follows" : "";
}

function toRow({ function: type, id, attempt, isRoot, run, parked, marks }: Draft): Row {
  const isRepeated = attempt > 1 || run?.outcome === "retries";
  return {
    function: type,
    // A stateless function has an address that nobody chose.
    note: isRepeated ? `attempt ${attempt}` : isGenerated(id) ? "" : id,
    isRoot,
    run: run && {
      ...spanOf(run),
      outcome: run.outcome,
      code: run.code,
      blockedMs: run.blockedNs / 1e6,
    },
    parked,
    marks,
  };
}

/** Tells whether an address is one that the engine made. */
function isGenerated(id: string): boolean {
  return /^[0-9a-f]{40}$/.test(id);
}
