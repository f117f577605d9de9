import type { Json } from "../../src/core/data/json.ts";
import type { StatefulFunction } from "../../src/index.ts";
import type { RecordingClient } from "../client/recording-client.ts";
import type { Flow } from "../history/history.ts";
import type { Violation } from "../history/verdict.ts";
import type { Operation } from "../plan/operation.ts";

/** A kind of object: its functions, what a client does with it, and the law that it keeps. */
export interface Kind {
  readonly name: string;
  /** Those of its own, to be registered. */
  readonly functions: readonly object[];
  /** Does an operation, or goes on with it. */
  perform(operation: Operation, recorder: RecordingClient): Promise<void>;
  /** What an operation whose flow is there has booked, each part once; what it may have booked, once at most. */
  booked(flow: Flow): {
    readonly certain: readonly string[];
    readonly possible?: readonly string[];
  };
  /** The states that its law speaks of, when these operations were begun. */
  places?(operations: readonly Operation[]): readonly Place[];
  /** Its law. Only flows that were looked at by a verification are given. */
  check?(flows: readonly Flow[], states: States): Iterable<Violation>;
}

/** A state. */
export interface Place {
  readonly of: StatefulFunction<unknown>;
  readonly id: string;
}

/** What states hold, by their names; null or absent: there is none. */
export type States = ReadonlyMap<string, Json>;

/** The name of a state in the ledger. */
export function nameOf({ of, id }: Place): string {
  return `${of.type}/${id}`;
}
