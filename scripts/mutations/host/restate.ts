import type { Mutation } from "../mutation.ts";

const CARRIER = "src/engines/restate/delivery/carrier.ts";
const CARRIER_TESTS = "test/engines/restate/carrier.test.ts";
const INGRESS = "src/engines/restate/client/ingress.ts";
const INGRESS_TESTS = "test/engines/restate/ingress.test.ts";

/** What an invocation on Restate keeps, what leaves it in which order, and how clients get there. */
export const RESTATE: readonly Mutation[] = [
  {
    breaks: "restate: two requests that fail together skip a node",
    file: INGRESS,
    find: "if (this.#node === node) this.#node++;",
    replace: "this.#node++;",
    test: INGRESS_TESTS,
    killedBy:
      "a request to the ingress > goes to the next node, also if another request fails at the same time",
  },
  {
    breaks: "restate: a client that waits makes others forgotten",
    file: "src/engines/restate/delivery/address.ts",
    find: "state.forgetPast(listener.at);",
    replace: "state.forgetPast(listener.until - 1);",
    test: "test/engines/restate/waiting.test.ts",
    killedBy:
      "clients that wait for a flow > are all remembered, whenever each of them began to wait",
  },
  {
    breaks: "restate: messages that collect expired values multiply",
    file: "src/engines/restate/delivery/address.ts",
    find: "if (state.collectAt !== at) return;",
    replace: "",
    test: "test/engines/restate/waiting.test.ts",
    killedBy: "messages that collect expired values do not multiply",
  },
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
    find: "if (this.#node === node) this.#node++;",
    replace: "",
    test: INGRESS_TESTS,
    killedBy: "a request to the ingress > goes to the next node if one answers with an error",
  },
];
