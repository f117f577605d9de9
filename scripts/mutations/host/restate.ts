import type { Mutation } from "../mutation.ts";

const CARRIER = "src/engines/restate/delivery/carrier.ts";
const CARRIER_TESTS = "test/engines/restate/carrier.test.ts";
const INGRESS = "src/engines/restate/client/ingress.ts";
const INGRESS_TESTS = "test/engines/restate/ingress.test.ts";

/** What an invocation on Restate keeps, what leaves it in which order, and how clients get there. */
export const RESTATE: readonly Mutation[] = [
  {
    breaks: "restate: a message leaves before what it could lead back to",
    file: CARRIER,
    find: "    await this.#handOver();\n    const leaving",
    replace: "    const leaving",
    test: CARRIER_TESTS,
    killedBy:
      "an invocation that begins a flow > hands over all that a message could lead back to before the message leaves",
  },
  {
    breaks: "restate: an invocation runs any number of calls",
    file: CARRIER,
    find: "const callsStay = calls <= this.#callsLeft;",
    replace: "const callsStay = calls >= 0;",
    test: CARRIER_TESTS,
    killedBy:
      "an invocation that begins a flow > sends all branches of a fan-out that is too wide for it, and none twice",
  },
  {
    breaks: "restate: a client stays with a node that fails",
    file: INGRESS,
    find: "      this.#next++;\n",
    replace: "",
    test: INGRESS_TESTS,
    killedBy: "a request to the ingress > goes to the next node if one answers with an error",
  },
];
