import type { Json } from "../../src/core/data/json.ts";
import { ClockReadings } from "../ledger/clock-readings.ts";
import type { Entry, Outcome, Standing } from "../ledger/entry.ts";
import { operationOf } from "../plan/operation.ts";
import type { Operation } from "../plan/operation.ts";

/** One attempt of a step of an operation. */
export interface Attempt {
  readonly life: number;
  readonly request: number;
  readonly step: string;
  /** Instant before the request. */
  readonly at: number;
  /** Its position in the ledger. */
  readonly place: number;
  readonly value: Json | undefined;
  /** The answer. Absent if there was none, so the outcome is unknown. */
  answer?:
    | { readonly ok: true; readonly value: Json | undefined; readonly at: number }
    | { readonly ok: false; readonly code: string };
}

/** One run of a handler that acts on the outside world. */
export interface Effect {
  readonly life: number;
  readonly at: number;
  readonly part: string;
  readonly key: string;
  readonly value: Json | undefined;
}

/** The ledger's entries about one operation, in order. */
export interface Flow {
  readonly operation: Operation;
  /** Readings of the clocks during the trial. */
  readonly clock: ClockReadings;
  readonly attempts: Attempt[];
  readonly effects: Effect[];
  /** Effects that may belong to a past that a power cut has undone. */
  readonly doubtful: Effect[];
  /** Outcomes that clients saw. */
  readonly results: { readonly outcome: Outcome; readonly at: number }[];
  /** True if a client was told that the flow does not exist. */
  wasAbsent: boolean;
  /** Unexpected errors of clients. */
  readonly astray: string[];
  /** The status at the end of the last verification. Absent if it was not checked yet. */
  standing?: Standing;
  /** Start of the flow according to that status. */
  startedAt?: number;
}

/** The life of a process. */
export interface Life {
  readonly number: number;
  readonly startedAt: number;
  firstAnswerAt?: number;
  /** True if its engine was closed cleanly. */
  closed: boolean;
}

/** The content of a ledger, sorted by subject. */
export interface History {
  readonly flows: ReadonlyMap<number, Flow>;
  readonly attempts: readonly Attempt[];
  readonly lives: ReadonlyMap<number, Life>;
  /** Content of states at the end of the last verification. */
  readonly states: ReadonlyMap<string, Json>;
  /** Number of messages and values that the store still kept then. */
  readonly rest:
    | { readonly messages: number; readonly delayed: number; readonly dead: number }
    | undefined;
}

/** Sorts the entries of a ledger. */
export function readHistory(seed: number, entries: readonly Entry[]): History {
  const reader = new HistoryReader(seed, new ClockReadings(entries));
  for (const [place, entry] of entries.entries()) reader.read(entry, place);
  return reader.history;
}

/** Reads a ledger entry by entry, each with its position. */
class HistoryReader {
  readonly #seed: number;
  readonly #clock: ClockReadings;
  readonly #flows = new Map<number, Flow>();
  readonly #requests = new Map<string, Attempt>();
  readonly #lives = new Map<number, Life>();
  readonly #states = new Map<string, Json>();
  #rest: History["rest"];

  constructor(seed: number, clock: ClockReadings) {
    this.#seed = seed;
    this.#clock = clock;
  }

  get history(): History {
    return {
      flows: this.#flows,
      attempts: [...this.#requests.values()],
      lives: this.#lives,
      states: this.#states,
      rest: this.#rest,
    };
  }

  read(entry: Entry, place: number): void {
    this.#readLife(entry);
    this.#readRequest(entry, place);
    this.#readFlow(entry);
    if (entry.what === "state") this.#states.set(entry.place, entry.values);
    if (entry.what === "rest") this.#rest = entry;
  }

  /** Reads the start, the first answer and the end of a process. */
  #readLife({ what, life, at }: Entry): void {
    const process = this.#lives.get(life);
    if (what === "start") this.#lives.set(life, { number: life, startedAt: at, closed: false });
    if (process === undefined) return;
    if (what === "ack" || what === "result") process.firstAnswerAt ??= at;
    if (what === "closed") process.closed = true;
  }

  /** Reads a request or its answer. */
  #readRequest(entry: Entry, place: number): void {
    const { life, at } = entry;
    if (entry.what === "intend") {
      const { request, step, value } = entry;
      const attempt: Attempt = { life, request, step, at, place, value };
      this.#requests.set(`${life}.${request}`, attempt);
      this.#flowOf(entry.op).attempts.push(attempt);
    }
    if (entry.what !== "ack" && entry.what !== "refused") return;
    const attempt = this.#requests.get(`${life}.${entry.request}`);
    if (attempt === undefined) return;
    attempt.answer =
      entry.what === "ack" ? { ok: true, value: entry.value, at } : { ok: false, code: entry.code };
  }

  /** Reads an effect of a flow, or a report about its status. */
  #readFlow(entry: Entry): void {
    const { life, at } = entry;
    switch (entry.what) {
      case "effect": {
        const { part, key, value, doubtful } = entry;
        const flow = this.#flowOf(entry.op);
        (doubtful === true ? flow.doubtful : flow.effects).push({ life, at, part, key, value });
        break;
      }
      case "result":
        this.#flowOf(entry.op).results.push({ outcome: entry.outcome, at });
        break;
      case "absent":
        this.#flowOf(entry.op).wasAbsent = true;
        break;
      case "astray":
        this.#flowOf(entry.op).astray.push(entry.error);
        break;
      case "standing":
        Object.assign(this.#flowOf(entry.op), {
          standing: entry.standing,
          startedAt: entry.startedAt,
        });
        break;
      default:
    }
  }

  #flowOf(number: number): Flow {
    const flow = this.#flows.get(number) ?? {
      operation: operationOf(this.#seed, number),
      clock: this.#clock,
      attempts: [],
      effects: [],
      doubtful: [],
      results: [],
      wasAbsent: false,
      astray: [],
    };
    this.#flows.set(number, flow);
    return flow;
  }
}

/** Returns true if the flow existed at the end of the last verification. */
export function exists({ standing }: Flow): boolean {
  return standing !== undefined && standing.status !== "absent";
}

/** Returns the value that a flow completed with, if it did. */
export function valueOf({ standing }: Flow): Json | undefined {
  return standing?.status === "completed" ? standing.value : undefined;
}

/**
 * Returns the attempts of a step and its variants: `event` includes `event 0`, `event 1` and so on.
 */
export function triesOf({ attempts }: Flow, step: string): readonly Attempt[] {
  return attempts.filter((attempt) => attempt.step === step || attempt.step.startsWith(`${step} `));
}
