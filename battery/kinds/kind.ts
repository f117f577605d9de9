import type { Json } from "../../src/core/data/json.ts";
import type { StatefulFunction } from "../../src/index.ts";
import type { RecordingClient } from "../client/recording-client.ts";
import type { Flow } from "../history/history.ts";
import type { Violation } from "../history/verdict.ts";
import type { Operation } from "../plan/operation.ts";

/** A kind of object: its functions, its client operations, and its law. */
export interface Kind {
  readonly name: string;
  /** Its own functions, for registration. */
  readonly functions: readonly object[];
  /** Performs an operation, or continues it. */
  perform(operation: Operation, recorder: RecordingClient): Promise<void>;
  /**
   * Lists the parts that an operation with an existing flow has logged, each once, and parts that
   * it may have logged, at most once.
   */
  booked(flow: Flow): {
    readonly certain: readonly string[];
    readonly possible?: readonly string[];
  };
  /** Returns the states that its law reads after these operations have begun. */
  places?(operations: readonly Operation[]): readonly Place[];
  /** Checks its law. Gets only flows that a verification has checked. */
  check?(flows: readonly Flow[], states: States): Iterable<Violation>;
}

/** A state. */
export interface Place {
  readonly of: StatefulFunction<unknown>;
  readonly id: string;
}

/** Contents of states by name. Null or absent: the state does not exist. */
export type States = ReadonlyMap<string, Json>;

/** Returns the name of a state in the ledger. */
export function nameOf({ of, id }: Place): string {
  return `${of.type}/${id}`;
}
