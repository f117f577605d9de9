import { fn } from "../../src/index.ts";
import { record } from "../../src/testing/test-doubles/record.ts";
import { simulate } from "../../src/testing/simulation/run/simulate.ts";
import { slow } from "../../src/testing/test-doubles/slow.ts";
import { charge, checkout, egress, ledger, ORDER, shop } from "./shop.ts";

const FAULTS = { crash: 0.15, redeliver: 0.1, reorder: true, slowCommit: true };

/**
 * Returns the hashes of simulations with all faults, one for each seed. Their flows fail, use
 * random numbers, and hold tokens.
 */
export async function hashes(seeds: readonly number[]): Promise<readonly string[]> {
  const all: string[] = [];
  for (const seed of seeds) all.push((await course(seed)).hash);
  return all;
}

/** Runs one such simulation. */
export function course(seed: number) {
  const lot = fn("test/lot", (ctx, limit: number) => {
    if (ctx.random() > 0.9) throw new Error("a blank");
    return Math.floor(ctx.random() * limit);
  });
  const ask = fn("test/ask", (ctx) => {
    const asked = ctx.promise<string>();
    ctx.setStatus(asked.token);
    // A handle contains the store's id.
    return {
      answer: asked,
      handle: ctx.invoke(lot, 5).handle(),
      lots: ctx.allSettled([ctx.invoke(lot, 10), ctx.invoke(lot, 20)]),
    };
  });
  return simulate(
    { functions: [...shop, slow(record(charge), 20), lot, ask], egress, seed, faults: FAULTS },
    async (t) => {
      const asked = await t.client.start(ask);
      const [order, booked] = [
        t.client.call(checkout, ORDER),
        t.client.call(ledger.book, "by hand", { id: "bank" }),
      ];
      await t.advance("10m");
      await t.client.settle((await asked.status()).custom as string, "yes");
      return [await order, await booked, await asked.result()];
    },
  );
}

/** Prints the hashes of the seeds in the arguments, for a second process. */
if (process.argv[1] === import.meta.filename)
  console.log((await hashes(process.argv.slice(2).map(Number))).join("\n"));
