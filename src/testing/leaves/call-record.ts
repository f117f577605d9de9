import { HandbackError } from "../../core/errors/errors.ts";

/** One run of a leaf's handler, as `record` keeps it. */
export interface Call {
  /** The operation, for a stateful function; `undefined` for a stateless one. */
  readonly operation: string | undefined;
  /** Id of the state; made by the engine for a stateless function. */
  readonly id: string;
  readonly input: unknown;
  /** The handler's `ctx.idempotencyKey`: the same for every run of one message. */
  readonly key: string;
  readonly attempt: number;
  /** Virtual time since the beginning of the run, in ms. */
  readonly at: number;
}

/** What handlers have of the simulation in which they run. */
export interface Place {
  /** Virtual time since the beginning, in ms. */
  readonly at: () => number;
  /** Works for so many ms of virtual time; never ends when the process does. */
  readonly work: (ms: number) => Promise<void>;
  /** Ends the process, at once. */
  readonly crash: () => void;
  /** Counts something, from 1, over all processes of the run. */
  readonly count: (what: object) => number;
  readonly calls: Map<string, Call[]>;
}

const places = new WeakMap<object, Place>();

/** Takes note of where a handler with this context runs. */
export function setPlace(context: object, place: Place): void {
  places.set(context, place);
}

/** Where the handler with this context runs. @throws `UNSUPPORTED` outside of a simulation */
export function placeOf(context: object, leaf: string): Place {
  const place = places.get(context);
  if (place === undefined)
    throw new HandbackError("UNSUPPORTED", `${leaf} works in the functions of simulate() only`);
  return place;
}
