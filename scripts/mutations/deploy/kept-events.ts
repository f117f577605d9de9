import type { Mutation } from "../mutation.ts";

const KEPT_EVENTS = "test/laws/signals/kept-events.test.ts";
const FLOW = "src/futures/flow/flow.ts";

/** Events that are kept for later, and keys that only the engine makes. */
export const KEPT_EVENTS_AND_KEYS: readonly Mutation[] = [
  {
    breaks: "kept events: a flow keeps any number of them",
    file: FLOW,
    find: "kept.count >= MOST_KEPT_EVENTS ||",
    replace: "",
    test: KEPT_EVENTS,
    killedBy:
      "events that a flow does not wait for > are refused beyond 10,000, and taken again once one was taken",
  },
  {
    breaks: "kept events: a value is left when its flow has ended",
    file: "src/futures/combinators/event.ts",
    find: "for (let at = first; at < next; at++) {",
    replace: "for (let at = next; at < next; at++) {",
    test: KEPT_EVENTS,
    killedBy:
      "kept events are taken first in, first out, and none is left when their flow has ended",
  },
  {
    breaks: "kept events: a name that the function does not declare is kept",
    file: FLOW,
    find: "record?.events?.includes(event) === false",
    replace: "record?.events?.length === -1",
    test: KEPT_EVENTS,
    killedBy:
      "events that a flow does not wait for > are refused if their names are not among the declared ones",
  },
  {
    breaks: "kept events: a name that a flow waits for is refused",
    file: FLOW,
    find: "return events === undefined || events.includes(name) ? events : [...events, name];",
    replace: "return events;",
    test: KEPT_EVENTS,
    killedBy:
      "events that a flow does not wait for > are taken once a function of the flow waits for them, declared or not",
  },
  {
    breaks: "keys: one that the engine could make starts a flow",
    file: FLOW,
    find: "if (flow !== number && isMadeByEngine(flow))",
    replace: "if (flow !== number && isMadeByEngine(number) && flow === number)",
    test: KEPT_EVENTS,
    killedBy:
      "a key that looks like one of the engine's > is refused as a new one: ffffffffffffffff",
  },
];
