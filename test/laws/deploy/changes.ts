import { fn, stateful, value } from "handback";
import type { Client } from "handback";
import type { World } from "../support/world.ts";

/** Waits for the event `go` and gives the number. */
export const wait = fn("law/wait", (ctx, n: number) => ctx.onComplete(ctx.event("go"), same, n));
const same = fn("law/same", (_, { args }: { result: unknown; args: number }) => args);
export const inc = fn("law/inc", (_, n: number) => n + 1);
export const zero = fn("law/zero", (_, _given: unknown) => 0);
/** As `wait`, under another name. */
export const other = fn("law/other", (ctx, n: number) => ctx.onComplete(ctx.event("go"), same, n));
export const renamed = fn("law/renamed", { aliases: ["law/wait"] }, (ctx, n: number) =>
  ctx.onComplete(ctx.event("go"), same, n),
);
export const flaky = fn("law/flaky", (_, n: number): number => {
  throw new Error(`not yet ${n}`);
});
export const books = stateful("law/books", {
  state: { lines: value<number[]>([]) },
  handlers: {
    wait: (ctx, n: number) => ctx.onComplete(ctx.event("go"), same, n),
    cancel: (ctx, n: number) => void ctx.state.lines.push(n),
    refund: (ctx, n: number) => void ctx.state.lines.push(-n),
  },
});
export const helpers = [same, wait, other, inc, zero, flaky, books];

/** A deploy while work is under way: a pattern before and after it. */
export interface Change {
  readonly before: object;
  readonly after: object;
  /** The other functions of the new version. Default: those of the former one. */
  readonly functions?: readonly object[];
  readonly input: unknown;
  /** The result, by the version that ends the work. */
  readonly result: unknown;
  /** What happens under the new version. Default: the event comes, and a day passes. */
  readonly act?: (client: Client, world: World) => Promise<unknown>;
}

export const list = (values: readonly number[]) => values;
export const counted = { concurrency: 1, onFailure: "settle" } as const;
export const ofOne = (status: "fulfilled", n: number) => ({
  reason: "completed",
  branches: [{ status, value: n }],
});
export const until = () => true;
export const every = "1s";
