import type { Json } from "../../src/core/data/json.ts";
import { ClockReadings } from "../ledger/clock-readings.ts";
import type { Entry, Outcome, Standing } from "../ledger/entry.ts";
import { operationOf } from "../plan/operation.ts";
import type { Operation } from "../plan/operation.ts";

/** One try of a step of an operation. */
export interface Attempt {
  readonly life: number;
  readonly request: number;
  readonly step: string;
  /** Before the request was made. */
  readonly at: number;
  /** Its place among all that was heard. */
  readonly place: number;
  readonly value: Json | undefined;
  /** What came back; absent: nothing, so that it is not known whether it has happened. */
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

/** All that was heard of one operation, in order. */
export interface Flow {
  readonly operation: Operation;
  /** What the clocks showed all the while. */
  readonly clock: ClockReadings;
  readonly attempts: Attempt[];
  readonly effects: Effect[];
  /** Those that may have been of a past that a power cut has undone. */
  readonly doubtful: Effect[];
  /** How clients saw it end. */
  readonly results: { readonly outcome: Outcome; readonly at: number }[];
  /** A client was told that there is no such flow. */
  wasAbsent: boolean;
  /** What a client met that nobody foresaw. */
  readonly astray: string[];
  /** How it stood at the end of the last verification; absent: nobody has looked yet. */
  standing?: Standing;
  /** Since when it has been there, as it stood then. */
  startedAt?: number;
}

/** What became of a process. */
export interface Life {
  readonly number: number;
  readonly startedAt: number;
  firstAnswerAt?: number;
  /** Whether its engine was closed in good order. */
  closed: boolean;
}

/** What a ledger has heard, by what it is about. */
export interface History {
  readonly flows: ReadonlyMap<number, Flow>;
  readonly attempts: readonly Attempt[];
  readonly lives: ReadonlyMap<number, Life>;
  /** What states held at the end of the last verification. */
  readonly states: ReadonlyMap<string, Json>;
  /** What the store still kept then. */
  readonly rest:
    | { readonly messages: number; readonly delayed: number; readonly dead: number }
    | undefined;
}

/** Sorts what a ledger has heard. */
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

/** Whether the flow was there at the end of the last verification. */
export function exists({ standing }: Flow): boolean {
  return standing !== undefined && standing.status !== "absent";
}

/** The value a flow completed with, if it did. */
export function valueOf({ standing }: Flow): Json | undefined {
  return standing?.status === "completed" ? standing.value : undefined;
}

/** The tries of a step, and of the like: `event` is `event 0`, `event 1` and so on. */
export function triesOf({ attempts }: Flow, step: string): readonly Attempt[] {
  return attempts.filter((attempt) => attempt.step === step || attempt.step.startsWith(`${step} `));
}
