import type { Mutation } from "../mutation.ts";

const PAUSES = "test/laws/under-way/pauses.test.ts";
const EVER = "ends the same, however long the pause is and however soon states age out";

/** States that work under way comes back to. */
export const AGEING: readonly Mutation[] = [
  {
    breaks: "age-out: the collector deletes states of flows under way",
    file: "src/engines/embedded/timers/expiry-collector.ts",
    find: "return isKept ? { content, expiresAt: now + term } : undefined;",
    replace: "return undefined;",
    test: PAUSES,
    killedBy: `a continuation of an event ${EVER}`,
  },
  {
    breaks: "age-out: a state is gone for the flow that made it",
    file: "src/core/activation/activation.ts",
    find: "const own = originOf(this.envelope.id);",
    replace: 'const own = "";',
    test: "test/conformance/poorest-engine.test.ts",
    killedBy: "a state lives as long as the flow that made it",
  },
  {
    breaks: "age-out: a state forgets the flows that have reached it",
    file: "src/core/activation/activation.ts",
    find: "writeAgeOut({ afterMs, origins })",
    replace: "writeAgeOut({ afterMs, origins: [] })",
    test: PAUSES,
    killedBy: `a state with an id of the user's, which a flow comes back to ${EVER}`,
  },
  {
    breaks: "age-out: one-way messages that wait keep no state",
    file: "src/futures/protocol/call.ts",
    find: "return delayMs === undefined ? undefined : scopeName(id, true);",
    replace: "return undefined;",
    test: PAUSES,
    killedBy: `one-way messages of a state to itself ${EVER}`,
  },
];
