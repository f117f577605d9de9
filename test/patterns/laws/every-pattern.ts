import { fn } from "handback";
import type { Fn } from "handback";
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

/** Makes a function with a name from a leaf. */
export type Compose = (type: string, leaf: Fn<number, number>) => Fn<number, number>;

const total = (all: readonly number[]): number => all.reduce((sum, each) => sum + each, 0);
const ignore = fn("every/ignore", (_: unknown, _value: unknown) => undefined);

/** Every pattern from number to number, made of a leaf that it calls in the same way. */
export const EVERY_PATTERN: readonly (readonly [name: string, compose: Compose])[] = [
  ["chain", (type, leaf) => chain(type, leaf, (n) => n % 1000, leaf)],
  [
    "chain of all kinds of steps",
    (type, leaf) =>
      chain(
        type,
        parallel(leaf, leaf),
        ([a, b]) => a + b,
        keep(leaf),
        total,
        tap(leaf),
        choose({ leaf }, () => "leaf"),
      ),
  ],
  [
    "fanOut",
    (type, leaf) =>
      fanOut(type, { split: (n: number) => [n, n + 1, n + 2], each: leaf, join: total }),
  ],
  [
    "fanOut with a limit",
    (type, leaf) =>
      fanOut(type, {
        split: (n: number) => [n, n + 1, n + 2],
        each: leaf,
        join: total,
        concurrency: 2,
      }),
  ],
  [
    "fanOut that settles",
    (type, leaf) =>
      fanOut(type, {
        split: (n: number) => [n, n + 1],
        each: leaf,
        onFailure: { tolerate: 1 },
        join: ({ branches }) =>
          total(branches.map((each) => (each.status === "fulfilled" ? each.value : 0))),
      }),
  ],
  ["retry", (type, leaf) => retry(type, leaf)],
  ["withTimeout", (type, leaf) => withTimeout(type, leaf, "1d")],
  [
    "withTimeout with another one",
    (type, leaf) => withTimeout(type, leaf, "1d", { onTimeout: leaf }),
  ],
  ["repeat", (type, leaf) => repeat(type, leaf, { times: 2, pause: 5 })],
  [
    "monitor",
    (type, leaf) =>
      chain(
        type,
        monitor(`${type}-watch`, {
          check: leaf,
          until: () => true,
          every: "1s",
          deadline: () => 4e12,
        }),
        (end) => (end.status === "done" ? end.value : -1),
      ),
  ],
  ["saga", (type, leaf) => saga(type, { do: leaf, undo: ignore }, leaf)],
];
