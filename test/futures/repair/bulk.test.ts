import { fn, HandbackError } from "handback";
import type { BulkReport } from "handback";
import { simulate } from "handback/testing";
import type { Simulated } from "handback/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { resumeAll } from "../../../src/futures/client/bulk/bulk-operations.ts";

/** What a flow does: it ends, fails, waits for an event, or pauses, once or twice. */
const KINDS = ["ends", "fails", "waits", "pauses", "pauses twice"] as const;
type Kind = (typeof KINDS)[number];

function makeFunctions() {
  const world = { isDown: true };
  const step = fn("bulk/step", { whenFailed: "pause" }, (_, n: number) => {
    if (world.isDown) throw new Error("down");
    return n;
  });
  const work = fn("bulk/work", { parts: [step], whenFailed: "fail" }, (ctx, kind: Kind) => {
    if (kind === "fails") throw new Error("no");
    if (kind === "waits") return ctx.event("go");
    const steps = { ends: 0, pauses: 1, "pauses twice": 2 }[kind];
    return ctx.all(Array.from({ length: steps }, (_, at) => ctx.invoke(step, at)));
  });
  return { world, step, work };
}

/** Starts flows of these kinds, and runs a body once they stand still. */
async function withFlows<Result>(
  kinds: readonly Kind[],
  body: (t: Simulated, world: { isDown: boolean }) => Promise<Result>,
): Promise<Result> {
  const { world, work } = makeFunctions();
  const run = await simulate({ functions: [work] }, async (t) => {
    for (const [at, kind] of kinds.entries()) await t.client.start(work, kind, { key: `f${at}` });
    await t.idle("1h");
    return body(t, world);
  });
  return run.result;
}

async function statuses({ client }: Simulated, kinds: readonly Kind[]): Promise<unknown> {
  const all = kinds.map(async (_, at) => (await client.status(`f${at}`)).status);
  return Promise.all(all);
}

const kindsOf = fc.array(fc.constantFrom(...KINDS), { maxLength: 12 });
const batches = fc.integer({ min: 1, max: 5 });

const count = (kinds: readonly Kind[], ...counted: readonly Kind[]): number =>
  kinds.filter((kind) => counted.includes(kind)).length;

test("each operation changes exactly the flows that it is for, in batches, and a dry run none", async () => {
  const property = fc.asyncProperty(
    kindsOf,
    batches,
    fc.constantFrom("resumeAll", "cancelAll", "purgeAll"),
    async (kinds, batch, name) => {
      const of = {
        resumeAll: ["pauses", "pauses twice"],
        cancelAll: ["waits", "pauses", "pauses twice"],
        purgeAll: ["ends", "fails"],
      } as const satisfies Record<string, readonly Kind[]>;
      const matched = count(kinds, ...of[name]);
      await withFlows(kinds, async (t, world) => {
        const before = await statuses(t, kinds);
        const dry = await t.client[name]({}, { dryRun: true, batch });
        expect(dry).toEqual({ matched, done: 0, cursor: undefined });
        expect(await statuses(t, kinds)).toEqual(before);
        world.isDown = false;
        const reports: BulkReport[] = [];
        const onProgress = (report: BulkReport) => void reports.push(report);
        const done = await t.client[name]({}, { batch, onProgress });
        expect(done).toEqual({ matched, done: matched, cursor: undefined });
        expect(reports.at(-1)).toEqual(done);
        await t.idle("1h");
        expect(await t.client[name]({}, { batch })).toMatchObject({
          done: name === "purgeAll" ? expect.anything() : 0,
        });
        if (name === "resumeAll")
          expect(await t.client.countFlows({ status: "completed" })).toBe(
            count(kinds, "ends", "pauses", "pauses twice"),
          );
        if (name === "cancelAll")
          expect(await t.client.countFlows({ status: "cancelled" })).toBe(matched);
        if (name === "purgeAll") expect(await t.client.countFlows({})).toBe(kinds.length - matched);
      });
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

test("an operation that is stopped goes on with the cursor of its last report", async () => {
  const kinds = Array.from({ length: 10 }, (): Kind => "waits");
  await withFlows(kinds, async (t) => {
    let last: BulkReport | undefined;
    const stopped = t.client.cancelAll(
      { function: "bulk/work" },
      {
        batch: 3,
        onProgress(report) {
          last = report;
          if (report.done >= 6) throw new Error("enough");
        },
      },
    );
    await expect(stopped).rejects.toThrow("enough");
    expect(last).toMatchObject({ matched: 6, done: 6 });
    const rest = await t.client.cancelAll(
      { function: "bulk/work" },
      { batch: 3, cursor: last?.cursor },
    );
    expect(rest).toEqual({ matched: 4, done: 4, cursor: undefined });
    const strange = t.client.cancelAll({}, { cursor: last?.cursor });
    await expect(strange).rejects.toMatchObject({ code: "INVALID_CURSOR" });
  });
});

test("wrong options and filters are refused, and change nothing", async () => {
  await withFlows(["waits"], async ({ client }) => {
    const refused = { code: "INVALID_OPTIONS" };
    await expect(client.cancelAll({}, { batch: 0 })).rejects.toMatchObject(refused);
    await expect(client.cancelAll({}, { batch: 1_001 })).rejects.toMatchObject(refused);
    await expect(client.cancelAll({ state: 1 } as object)).rejects.toMatchObject(refused);
    await expect(client.cancelAll({}, { dry: true } as object)).rejects.toMatchObject(refused);
    await expect(client.resumeAll({ status: "failed" })).rejects.toMatchObject(refused);
    expect((await client.status("f0")).status).toBe("pending");
  });
});

test.each([[null], [0], ["f0"], [[]], [true]])(
  "the filter %j is refused by each operation, so that none means all flows",
  async (filter) => {
    await withFlows(["waits", "ends"], async ({ client }) => {
      const refused = { code: "INVALID_OPTIONS" };
      for (const name of ["resumeAll", "cancelAll", "purgeAll"] as const)
        await expect(Reflect.apply(client[name], client, [filter])).rejects.toMatchObject(refused);
      expect(await client.countFlows({ status: "pending" })).toBe(1);
      expect(await client.countFlows()).toBe(2);
    });
  },
);

test.each([["order"], ["cursor"], ["limit"]])(
  "a filter with %s, which is no part of a filter, is refused",
  async (name) => {
    await withFlows(["waits"], async ({ client }) => {
      const filter = { [name]: { order: "oldest", cursor: undefined, limit: 5 }[name] };
      await expect(client.cancelAll(filter)).rejects.toMatchObject({ code: "INVALID_OPTIONS" });
      expect(await client.countFlows({ status: "pending" })).toBe(1);
    });
  },
);

test("a flow of which one paused call has gone on meanwhile gets its other calls resumed", async () => {
  await withFlows(["pauses twice"], async (t, world) => {
    world.isDown = false;
    const { paused } = await t.client.status("f0");
    for (const { call: goneOn } of paused) {
      const resumed: string[] = [];
      const flows = async () => t.client.flows({ status: "paused" });
      const resume = async (_: string, { call = "" }: { readonly call?: string } = {}) => {
        if (call === goneOn) throw new HandbackError("NOT_PAUSED", "it runs again");
        resumed.push(call);
      };
      const neither = async () => false;
      const nothing = async () => undefined;
      const others = { pause: nothing, restart: nothing, cancel: neither, purge: neither };
      const report = await resumeAll({ flows, resume, ...others }, {}, {});
      expect(resumed).toEqual(paused.map(({ call }) => call).filter((call) => call !== goneOn));
      expect(report).toMatchObject({ matched: 1, done: 1 });
    }
  });
});
