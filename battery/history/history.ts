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
  const flows = new Map<number, Flow>();
  const requests = new Map<string, Attempt>();
  const lives = new Map<number, Life>();
  const states = new Map<string, Json>();
  const clock = new ClockReadings(entries);
  let rest: History["rest"];
  const flowOf = (number: number): Flow => {
    const flow = flows.get(number) ?? {
      operation: operationOf(seed, number),
      clock,
      attempts: [],
      effects: [],
      doubtful: [],
      results: [],
      wasAbsent: false,
      astray: [],
    };
    flows.set(number, flow);
    return flow;
  };
  for (const [place, entry] of entries.entries()) {
    const { life, at } = entry;
    const process = lives.get(life);
    if (process !== undefined && (entry.what === "ack" || entry.what === "result"))
      process.firstAnswerAt ??= at;
    switch (entry.what) {
      case "start":
        lives.set(life, { number: life, startedAt: at, closed: false });
        break;
      case "closed":
        if (process !== undefined) process.closed = true;
        break;
      case "intend": {
        const { request, step, value } = entry;
        const attempt: Attempt = { life, request, step, at, place, value };
        requests.set(`${life}.${request}`, attempt);
        flowOf(entry.op).attempts.push(attempt);
        break;
      }
      case "ack":
      case "refused": {
        const attempt = requests.get(`${life}.${entry.request}`);
        if (attempt !== undefined)
          attempt.answer =
            entry.what === "ack"
              ? { ok: true, value: entry.value, at }
              : { ok: false, code: entry.code };
        break;
      }
      case "effect": {
        const { part, key, value } = entry;
        flowOf(entry.op)[entry.doubtful === true ? "doubtful" : "effects"].push({
          life,
          at,
          part,
          key,
          value,
        });
        break;
      }
      case "result":
        flowOf(entry.op).results.push({ outcome: entry.outcome, at });
        break;
      case "absent":
        flowOf(entry.op).wasAbsent = true;
        break;
      case "astray":
        flowOf(entry.op).astray.push(entry.error);
        break;
      case "standing":
        Object.assign(flowOf(entry.op), { standing: entry.standing, startedAt: entry.startedAt });
        break;
      case "state":
        states.set(entry.place, entry.values);
        break;
      case "rest":
        rest = entry;
        break;
      default:
    }
  }
  return { flows, attempts: [...requests.values()], lives, states, rest };
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
