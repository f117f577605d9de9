import type { Mutation } from "../mutation.ts";

const FLOW = "src/futures/flow/flow.ts";
const TEST = "test/engines/statefun/repeated-requests.test.ts";
const TWICE = "requests that an ingress delivers twice, at any later time, count once";

/** Requests of clients that an ingress delivers twice. */
export const REPEATED_REQUESTS: readonly Mutation[] = [
  {
    breaks: "statefun: a signal that is delivered twice counts twice",
    file: FLOW,
    find: "  const { key, event, once } = signal;\n  if (isRepeated(activation, key)) return;\n",
    replace: "  const { key, event, once } = signal;\n",
    test: TEST,
    killedBy: TWICE,
  },
  {
    breaks: "statefun: a start that is delivered again after a purge starts the flow again",
    file: FLOW,
    find: "  rememberRequest(activation, startKey(firstNumberOf(record, activation.address.id)));\n",
    replace: "",
    test: TEST,
    killedBy: "a start delivered again after the flow was purged does not reach a flow of the key",
  },
  {
    breaks: "statefun: a start that attached starts the flow again after a purge",
    file: FLOW,
    find: "  if (!isFirst) rememberRequest(activation, key);\n",
    replace: "",
    test: TEST,
    killedBy:
      "a start that attached delivered again after the flow was purged does not reach a flow of the key",
  },
];
