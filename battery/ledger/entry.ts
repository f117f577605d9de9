import type { Json } from "../../src/core/data/json.ts";
import type { Letter } from "./poison-plan.ts";

/** How a flow ended. */
export type Outcome =
  | { readonly status: "completed"; readonly value: Json }
  | { readonly status: "failed" | "cancelled"; readonly code: string };

/** How a flow stands. */
export type Standing = Outcome | { readonly status: "pending" | "absent" };

/** What the process under test says; `request` counts its requests, `op` is an operation's number. */
export type Said =
  /** The process runs. */
  | { readonly what: "hello"; readonly pid: number }
  /** It begins to open the store. */
  | { readonly what: "opening" }
  | { readonly what: "open" }
  /** The store could not be opened. */
  | { readonly what: "shut"; readonly code: string }
  /** A request is about to be made. */
  | {
      readonly what: "intend";
      readonly request: number;
      readonly op: number;
      readonly step: string;
      readonly value?: Json;
    }
  /** The request was acknowledged. */
  | { readonly what: "ack"; readonly request: number; readonly value?: Json }
  /** The request was refused: it has not happened, and will not. */
  | { readonly what: "refused"; readonly request: number; readonly code: string }
  /** A handler acts on the outside world, under its idempotency key. After a power cut it is doubtful whether the store still knows of it. */
  | {
      readonly what: "effect";
      readonly op: number;
      readonly part: string;
      readonly key: string;
      readonly value?: Json;
      readonly doubtful?: true;
    }
  /** A client sees how a flow ended. */
  | { readonly what: "result"; readonly op: number; readonly outcome: Outcome }
  /** A client was told that there is no such flow. */
  | { readonly what: "absent"; readonly op: number }
  /** What a client did came to an end that nobody foresaw. */
  | { readonly what: "astray"; readonly op: number; readonly error: string }
  /** How a flow stands at the end of a verification, and since when it has been there (ms since the epoch). */
  | {
      readonly what: "standing";
      readonly op: number;
      readonly standing: Standing;
      readonly startedAt?: number;
    }
  /** What a state holds at the end of a verification; null: there is none. */
  | { readonly what: "state"; readonly place: string; readonly values: Json }
  /** What the store still keeps at the end of a verification. */
  | {
      readonly what: "rest";
      readonly messages: number;
      readonly delayed: number;
      readonly dead: number;
    }
  /** A verification has told all. */
  | { readonly what: "told" }
  /** Someone else tried to open the store that is open: the code of the error, or `open`. */
  | { readonly what: "intruder"; readonly how: string; readonly code: string }
  /** Its clock was set; `aheadMs` of the entry says to what. */
  | { readonly what: "clock" }
  /** A message is handled that ends the process. */
  | { readonly what: "poison-run"; readonly name: string }
  /** How a flow ended that was begun with poison, or beside it. */
  | { readonly what: "fate"; readonly name: string; readonly outcome: Outcome }
  /** The dead letters there are, and what was counted of poison and what was sent beside it. */
  | {
      readonly what: "poisoning";
      readonly letters: readonly Letter[];
      readonly counted: Readonly<Record<string, number>>;
    }
  /** A dead letter was sent again, or not. */
  | { readonly what: "redriven"; readonly id: string; readonly done: boolean }
  /** A call is made whose answer is timed. */
  | { readonly what: "probe"; readonly number: number }
  /** It was answered so long after it was due. */
  | { readonly what: "probed"; readonly number: number; readonly ms: number }
  /** The engine warned of something. */
  | { readonly what: "warning"; readonly text: string }
  /** The engine has stopped by itself. */
  | { readonly what: "stopped"; readonly code: string }
  /** The engine was closed. */
  | { readonly what: "closed" };

/** What the driver notes: it started a process, or that process has ended. */
export type Noted =
  | { readonly what: "start"; readonly mode: Mode }
  | { readonly what: "end"; readonly code: number | null; readonly signal: string | null };

/** What a process is for. */
export type Mode = "work" | "verify";

/**
 * A line of a ledger: what was said or noted, by or of which process (`life`, from 1), and when (ms since the epoch, by the machine's clock).
 * `aheadMs`: by how much the clock that the process went by was ahead of that; absent: it was not.
 */
export type Entry = (Said | Noted) & {
  readonly life: number;
  readonly at: number;
  readonly aheadMs?: number;
};
