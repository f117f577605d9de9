import {
  chain,
  choose,
  fanOut,
  keep,
  monitor,
  parallel,
  repeat,
  retry,
  saga,
  tap,
  withTimeout,
} from "handback/patterns";
import { wait, inc, zero, other, books, list, counted, ofOne, until, every } from "./changes.ts";
import type { Change } from "./changes.ts";

/** Deploys that change what a stage is given: its work is held until the former version is back. */
export const CHANGED: Record<string, Change> = {
  "monitor: another check": {
    before: monitor("law/p", { check: wait, until, every }),
    after: monitor("law/p", { check: other, until, every }),
    input: 1,
    result: { status: "done", value: 1, checks: 1 },
  },
  "monitor: a check of a state": {
    before: monitor("law/p", { check: wait, until, every }),
    after: monitor("law/p", { check: books.wait, until, every }),
    input: 1,
    result: { status: "done", value: 1, checks: 1 },
  },
  "monitor: another operation as its check": {
    before: monitor("law/p", { check: books.wait, until, every }),
    after: monitor("law/p", { check: books.cancel, until, every }),
    input: 1,
    result: { status: "done", value: 1, checks: 1 },
  },
  "retry: another function": {
    before: retry("law/p", wait),
    after: retry("law/p", other),
    input: 1,
    result: 1,
  },
  "retry: what its function gives": {
    before: retry("law/p", fanOut("law/all", { each: wait })),
    after: retry("law/p", fanOut("law/all", { each: wait, onFailure: "settle" })),
    input: [1],
    result: [1],
  },
  "repeat: another function": {
    before: repeat("law/p", wait, { times: 1 }),
    after: repeat("law/p", other, { times: 1 }),
    input: 1,
    result: 1,
  },
  "repeat: another function, in a pause": {
    before: repeat("law/p", inc, { times: 2, pause: "1h" }),
    after: repeat("law/p", other, { times: 2, pause: "1h" }),
    input: 1,
    result: 3,
  },
  "withTimeout: another function": {
    before: withTimeout("law/p", wait, "30d", { onTimeout: zero }),
    after: withTimeout("law/p", other, "30d", { onTimeout: zero }),
    input: 1,
    result: 1,
  },
  "withTimeout: no more onTimeout": {
    before: withTimeout("law/p", wait, "30d", { onTimeout: zero }),
    after: withTimeout("law/p", wait, "30d"),
    input: 1,
    result: 1,
  },
  "chain: keep": {
    before: chain("law/p", wait, (n) => n),
    after: chain("law/p", keep(wait), ([, n]) => n),
    input: 1,
    result: 1,
  },
  "chain: tap": {
    before: chain("law/p", wait, inc),
    after: chain("law/p", tap(wait), inc),
    input: 1,
    result: 2,
  },
  "chain: another case of choose": {
    before: chain(
      "law/p",
      choose({ wait, inc }, () => "wait"),
      inc,
    ),
    after: chain(
      "law/p",
      choose({ wait, zero }, () => "wait"),
      inc,
    ),
    input: 1,
    result: 2,
  },
  "chain: the order in parallel": {
    before: chain("law/p", parallel(wait, inc), ([n]) => n),
    after: chain("law/p", parallel(inc, wait), ([n]) => n),
    input: 1,
    result: 1,
  },
  "chain: what an inner fan-out gives": {
    before: chain("law/p", fanOut("law/all", { each: wait }), list),
    after: chain("law/p", fanOut("law/all", { each: wait, onFailure: "settle" }), (all) => all),
    input: [1],
    result: [1],
  },
  "chain: what a fan-out in a kept step gives": {
    before: chain("law/p", keep(fanOut("law/all", { each: wait })), ([, n]) => n),
    after: chain(
      "law/p",
      keep(fanOut("law/all", { each: wait, onFailure: "settle" })),
      ([, n]) => n,
    ),
    input: [1],
    result: [1],
  },
  "saga: what an inner fan-out gives": {
    before: saga("law/p", fanOut("law/all", { each: wait }), list),
    after: saga("law/p", fanOut("law/all", { each: wait, onFailure: "settle" }), (all) => all),
    input: [1],
    result: [1],
  },
  "saga: another operation to undo a step": {
    before: saga("law/p", { do: wait, undo: books.cancel }),
    after: saga("law/p", { do: wait, undo: books.refund }),
    input: 1,
    result: 1,
  },
  "fan-out: no more outcomes": {
    before: fanOut("law/p", { each: wait, onFailure: "settle" }),
    after: fanOut("law/p", { each: wait }),
    input: [1],
    result: ofOne("fulfilled", 1),
  },
  "fan-out: no more outcomes, in a window": {
    before: fanOut("law/p", { each: wait, ...counted }),
    after: fanOut("law/p", { each: wait, concurrency: 1 }),
    input: [1, 2],
    result: {
      reason: "completed",
      branches: [
        { status: "fulfilled", value: 1 },
        { status: "fulfilled", value: 2 },
      ],
    },
  },
  "fan-out: another function for each item": {
    before: fanOut("law/p", { each: wait, join: list }),
    after: fanOut("law/p", { each: other, join: list }),
    input: [1],
    result: [1],
  },
  "fan-out: another function for each item, in a window": {
    before: fanOut("law/p", { each: wait, concurrency: 1 }),
    after: fanOut("law/p", { each: other, concurrency: 1 }),
    input: [1, 2],
    result: [1, 2],
  },
  "fan-out: what its reported branches give": {
    before: fanOut("law/p", { each: fanOut("law/all", { each: wait }), onFailure: "settle" }),
    after: fanOut("law/p", {
      each: fanOut("law/all", { each: wait, onFailure: "settle" }),
      onFailure: "settle",
    }),
    input: [[1]],
    result: { reason: "completed", branches: [{ status: "fulfilled", value: [1] }] },
  },
  "chain: what the branches of an inner fan-out give": {
    before: chain(
      "law/p",
      fanOut("law/out", { each: fanOut("law/all", { each: wait }) }),
      (all) => all,
    ),
    after: chain(
      "law/p",
      fanOut("law/out", { each: fanOut("law/all", { each: wait, onFailure: "settle" }) }),
      (all) => all,
    ),
    input: [[1]],
    result: [[1]],
  },
  "fan-out: what its branches give": {
    before: fanOut("law/p", { each: fanOut("law/all", { each: wait }), join: (all) => all }),
    after: fanOut("law/p", {
      each: fanOut("law/all", { each: wait, onFailure: "settle" }),
      join: (all) => all,
    }),
    input: [[1]],
    result: [[1]],
  },
};
