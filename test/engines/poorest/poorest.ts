import type { Clock } from "handback";
import {
  Client,
  DEFAULT_PAYLOAD_LIMIT,
  defineFunctions,
  knowsFunction,
  silentLog,
} from "handback/engine";
import type { Environment } from "handback/engine";
import { SeededRandom } from "handback/testing";
import { PoorestEngine } from "./poorest-engine.ts";

const DAY_MS = 86_400_000;

/** Options of {@link poorest}. */
export interface PoorestOptions {
  readonly functions: readonly object[];
  readonly clock: Clock;
  /** The seed of the order of actions. */
  readonly seed: number;
  /** The share of responses that are lost; default 0.2. */
  readonly lost?: number;
  /** The retention of settled flows and futures, in ms; default 7 days. */
  readonly retentionMs?: number;
}

/** Starts a poorest engine, with a client. */
export function poorest({
  functions,
  clock,
  seed,
  lost = 0.2,
  retentionMs = 7 * DAY_MS,
}: PoorestOptions) {
  const definitions = new Map(defineFunctions(functions));
  // Two sources, so that random numbers of user code do not change the order of actions.
  const [order, drawn] = [new SeededRandom(seed), new SeededRandom(~seed)];
  const environment: Environment = {
    storeId: "poorest",
    clock,
    log: silentLog,
    payloadLimit: DEFAULT_PAYLOAD_LIMIT,
    retentionMs,
    ageOutMs: 7 * DAY_MS,
    random: () => drawn.next(),
    secret: (bytes) => Uint8Array.from({ length: bytes }, () => drawn.below(256)),
    scopedCancel: false,
    knows: (...asked) => knowsFunction(definitions, ...asked),
  };
  const engine = new PoorestEngine({ definitions, environment, random: order, lost });
  return {
    engine,
    client: new Client(engine, environment.payloadLimit),
    /** Replaces the functions. Messages and values stay. */
    redeploy: (next: readonly object[]): void => {
      definitions.clear();
      for (const [type, definition] of defineFunctions(next)) definitions.set(type, definition);
    },
  };
}
