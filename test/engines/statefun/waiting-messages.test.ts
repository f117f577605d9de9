import fc from "fast-check";
import { fn, stateful, value } from "handback";
import type { Fn } from "handback";
import { silentLog } from "handback/engine";
import { int, statefun, string } from "handback/statefun";
import { SeededRandom, VirtualClock } from "handback/testing";
import { expect, test } from "vitest";
import { readRequest } from "../../../src/engines/statefun/wire/request.ts";
import { WireCluster } from "./cluster/wire-cluster.ts";

const REPLIES = "test/replies";
/** Long enough that messages that must wait have met each other. */
const WHILE_MS = 10_000;
const at = { id: "a" };

const stored = { note: value<string>(undefined, { type: string }) };
const box = stateful("shop/box", {
  state: stored,
  handlers: {
    put(ctx, text: string) {
      ctx.state.note = "full";
      return text.length;
    },
  },
});
const handlers = { put: (_: unknown, text: string) => text.length };
const FIRST_NAME = "shop/chest";
const renamed = stateful("shop/box", { aliases: [FIRST_NAME], state: stored, handlers });
const otherState = stateful("shop/box", {
  state: { note: value<number>(undefined, { type: int }) },
  handlers,
});
const put = fn("shop/ask", (ctx, n: number) => ctx.invoke(box.put, "x".repeat(n), at));
const desk = stateful("shop/desk", {
  state: {},
  handlers: { write: (_, n: number) => "x".repeat(n) },
});
/** Its second call leaves from the desk. */
const pass = fn("shop/pass", (ctx, n: number) =>
  ctx.invoke(box.put, ctx.invoke(desk.write, n, at), at),
);

/** A program without the box as it is later. */
interface Early {
  readonly functions: readonly object[];
  /** Takes messages for this function. Default: the box. */
  readonly takes?: string;
  /** Calls the box. */
  readonly call: Fn<number, number>;
}

/** Calls the box with texts of some sizes while `early` takes its messages. Returns the outcomes. */
async function outcomesOf(early: Early, sizes: readonly number[], responseLimit: number) {
  const { functions, takes = "shop/box", call } = early;
  const clock = new VirtualClock();
  let isEarly = false;
  const cluster = new WireCluster({
    handle: () => (request) => {
      const type = readRequest(request)?.target.type ?? "";
      const isTaken = type === FIRST_NAME || (isEarly && type === takes);
      return (isTaken ? before : after).handle(request);
    },
    clock,
    random: new SeededRandom(1),
    namespaces: ["_sys", "shop"],
    egresses: [REPLIES],
    answerLimit: responseLimit,
  });
  const open = (hosted: readonly object[]) =>
    statefun({
      functions: hosted,
      ingress: cluster.ingress,
      egress: cluster.egress(REPLIES),
      responseLimit,
      parkedFor: 1_000,
      clock,
      log: silentLog,
    });
  const before = open(functions);
  const after = open([put, pass, desk, box]);
  await clock.until(after.client.call(put, 1));
  isEarly = true;
  const calls = sizes.map((n) =>
    after.client.call(call, n).catch(({ code }: { readonly code?: string }) => code),
  );
  await clock.until(new Promise<void>((resolve) => void clock.setTimer(WHILE_MS, resolve)));
  isEarly = false;
  const outcomes = await clock.until(Promise.all(calls));
  before.close();
  after.close();
  cluster.stop();
  expect(cluster.failure).toBeUndefined();
  return outcomes;
}

test.each<[string, Early]>([
  ["is not registered", { functions: [], call: put }],
  ["cannot read its state", { functions: [otherState], call: put }],
  ["is unknown to its sender", { functions: [desk], takes: "shop/desk", call: pass }],
  ["is renamed", { functions: [renamed], call: put }],
])(
  "calls of a function that %s wait until it is there, and those without room in an answer fail",
  async (_, early) => {
    expect(await outcomesOf(early, [100, 200], 20_000)).toEqual([100, 200]);
    const many = await outcomesOf(early, [8_000, 8_000, 8_000, 8_000], 20_000);
    expect(new Set(many)).toEqual(new Set([8_000, "PAYLOAD_TOO_LARGE"]));
    const sizes = fc.array(fc.nat(9_000), { minLength: 1, maxLength: 8 });
    const limit = fc.integer({ min: 16_384, max: 30_000 });
    await fc.assert(
      fc.asyncProperty(sizes, limit, async (batch, responseLimit) => {
        const outcomes = await outcomesOf(early, batch, responseLimit);
        for (const [n, size] of batch.entries())
          expect([size, "PAYLOAD_TOO_LARGE"]).toContain(outcomes[n]);
      }),
      { numRuns: 25 },
    );
  },
);
