import { fn } from "../../../../futures/define/fn.ts";
import { stateful } from "../../../../futures/define/stateful.ts";
import { value } from "../../../../core/state/value.ts";
import type { FlowsOptions } from "../../../../futures/listing/flow-filter.ts";
import type { Running } from "../../case/case.ts";

/** A function that waits for an event, one that ends, one that fails, and a stateful one. */
export const waits = fn("test/waits", (ctx) => ctx.event("go"));
export const ends = fn("test/ends", (_, n: number) => n);
export const fails = fn("test/fails", () => {
  throw new Error("why");
});
export const adds = stateful("test/adds", {
  state: { sum: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.sum += n) },
});

/** All functions that the cases about lists start. */
export const LISTED = [waits, ends, fails, adds];

/** Returns the ids of the flows that all pages of a list give. */
export async function idsOf(
  { client }: Pick<Running, "client">,
  options: FlowsOptions = {},
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await client.flows({ ...options, cursor });
    ids.push(...page.flows.map(({ id }) => id));
    cursor = page.cursor;
    if (cursor === undefined) return ids;
  }
}

/** Starts flows of every status, one after the other. Returns their ids, the oldest first. */
export async function startEach({ client }: Pick<Running, "client">): Promise<readonly string[]> {
  await client.call(ends, 1, { key: "a-ends" });
  await client.call(fails, undefined, { key: "b-fails" }).catch(() => undefined);
  await client.start(waits, undefined, { key: "c-waits" });
  await client.start(waits, undefined, { key: "d-cancelled" });
  await client.cancel("d-cancelled");
  await client.call(adds.add, 1, { id: "s", key: "e-adds" });
  return ["a-ends", "b-fails", "c-waits", "d-cancelled", "e-adds"];
}
