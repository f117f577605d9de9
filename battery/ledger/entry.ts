import type { Json } from "../../src/core/data/json.ts";
import type { Letter } from "./poison-plan.ts";

/** The outcome of a flow. */
export type Outcome =
  | { readonly status: "completed"; readonly value: Json }
  | { readonly status: "failed" | "cancelled"; readonly code: string };

/** The status of a flow. */
export type Standing = Outcome | { readonly status: "pending" | "absent" };

/**
 * The reports of the process under test. `request` numbers its requests, `op` is the number of an
 * operation.
 */
export type Said =
  /** The process runs. */
  | { readonly what: "hello"; readonly pid: number }
  /** It begins to open the store. */
  | { readonly what: "opening" }
  | { readonly what: "open" }
  /** The store could not be opened. */
  | { readonly what: "shut"; readonly code: string }
  /** It is about to make a request. */
  | {
      readonly what: "intend";
      readonly request: number;
      readonly op: number;
      readonly step: string;
      readonly value?: Json;
    }
  /** The request was acknowledged. */
  | { readonly what: "ack"; readonly request: number; readonly value?: Json }
  /** The request was rejected: it has not happened, and will not. */
  | { readonly what: "refused"; readonly request: number; readonly code: string }
  /**
   * A handler acts on the outside world, with its idempotency key. After a power cut it is doubtful
   * if the store still knows of it.
   */
  | {
      readonly what: "effect";
      readonly op: number;
      readonly part: string;
      readonly key: string;
      readonly value?: Json;
      readonly doubtful?: true;
    }
  /** A client sees the outcome of a flow. */
  | { readonly what: "result"; readonly op: number; readonly outcome: Outcome }
  /** A client was told that the flow does not exist. */
  | { readonly what: "absent"; readonly op: number }
  /** A client got an unexpected error. */
  | { readonly what: "astray"; readonly op: number; readonly error: string }
  /** The status of a flow at the end of a verification, and its start (ms since the epoch). */
  | {
      readonly what: "standing";
      readonly op: number;
      readonly standing: Standing;
      readonly startedAt?: number;
    }
  /** The content of a state at the end of a verification. Null: it does not exist. */
  | { readonly what: "state"; readonly place: string; readonly values: Json }
  /** The number of messages and values left in the store at the end of a verification. */
  | {
      readonly what: "rest";
      readonly messages: number;
      readonly delayed: number;
      readonly dead: number;
    }
  /** A verification is complete. */
  | { readonly what: "told" }
  /** An attempt to open the store that is open: the error code, or `open`. */
  | { readonly what: "intruder"; readonly how: string; readonly code: string }
  /** Its clock was set. `aheadMs` of the entry is the new deviation. */
  | { readonly what: "clock" }
  /** It did something to the files of its store that it never should. */
  | { readonly what: "theft"; readonly how: string }
  /** A message that crashes the process is being handled. */
  | { readonly what: "poison-run"; readonly name: string }
  /** The outcome of a flow that was started with poison, or beside it. */
  | { readonly what: "fate"; readonly name: string; readonly outcome: Outcome }
  /** The dead letters, and the counts of poison and the messages sent beside it. */
  | {
      readonly what: "poisoning";
      readonly letters: readonly Letter[];
      readonly counted: Readonly<Record<string, number>>;
    }
  /** A dead letter was sent again, or not. */
  | { readonly what: "redriven"; readonly id: string; readonly done: boolean }
  /** A timed call is made. */
  | { readonly what: "probe"; readonly number: number }
  /** It was answered `ms` after it was due. */
  | { readonly what: "probed"; readonly number: number; readonly ms: number }
  /** The engine logged a warning. */
  | { readonly what: "warning"; readonly text: string }
  /** The engine has stopped by itself. */
  | { readonly what: "stopped"; readonly code: string }
  /** The engine was closed. */
  | { readonly what: "closed" };

/** Notes of the driver: it started a process, or that process has ended. */
export type Noted =
  | { readonly what: "start"; readonly mode: Mode }
  | { readonly what: "end"; readonly code: number | null; readonly signal: string | null };

/** The task of a process. */
export type Mode = "work" | "verify";

/**
 * A line of a ledger: a report or a note, its process (`life`, from 1), and its instant (ms since
 * the epoch, by the machine's clock). `aheadMs` is the deviation of the process's clock; absent if
 * there is none.
 */
export type Entry = (Said | Noted) & {
  readonly life: number;
  readonly at: number;
  readonly aheadMs?: number;
};
