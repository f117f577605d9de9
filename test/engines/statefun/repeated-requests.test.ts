import fc from "fast-check";
import { fn, HandbackError, stateful, value } from "handback";
import type { Client, Future } from "handback";
import { silentLog } from "handback/engine";
import { statefun } from "handback/statefun";
import type { ClusterIngress, IngressMessage } from "handback/statefun";
import { SeededRandom, VirtualClock } from "handback/testing";
import { expect, test } from "vitest";
import { driven } from "../../../src/testing/conformance/driven.ts";
import { WireCluster } from "./cluster/wire-cluster.ts";

const REPLIES = "test/replies";

const total = stateful("shop/total", {
  state: { starts: value(0), sum: value(0), events: value(0) },
  handlers: {
    begin: (ctx) => ++ctx.state.starts,
    add: (ctx, n: number) => {
      ctx.state.events++;
      ctx.state.sum += n;
    },
    read: (ctx) => ({ ...ctx.state }),
  },
});

/** Counts its start and its events, and ends with an event of 0. */
const collect = fn("shop/collect", (ctx, key: string) =>
  ctx.onComplete(ctx.invoke(total.begin, undefined, { id: key }), next, key),
);
const next = fn("shop/next", (ctx, { args: key }: { args: string }): Future<void> =>
  ctx.onComplete(ctx.event<number>("add"), take, key),
);
const take = fn("shop/take", (ctx, { result, args: key }: { result: number; args: string }) => {
  const added = ctx.invoke(total.add, result, { id: key });
  return result === 0 ? added : ctx.onComplete(added, next, key);
});
const functions = [total, collect, next, take];

const KEYS = ["a", "b"];

type Request =
  | { readonly does: "start" | "cancel" | "purge"; readonly key: string }
  | { readonly does: "signal"; readonly key: string; readonly n: number; readonly once: boolean };

const requests: fc.Arbitrary<readonly Request[]> = fc.array(
  fc.oneof(
    fc.record({
      does: fc.constantFrom("start", "start", "cancel", "purge"),
      key: fc.constantFrom(...KEYS),
    }),
    fc.record({
      does: fc.constant("signal" as const),
      key: fc.constantFrom(...KEYS),
      n: fc.nat({ max: 2 }),
      once: fc.boolean(),
    }),
  ),
  { maxLength: 8 },
);

async function make(client: Client, request: Request, at: number): Promise<unknown> {
  const { key } = request;
  try {
    switch (request.does) {
      case "start":
        return (await client.start(collect, key, { key })).id;
      case "cancel":
        return await client.cancel(key);
      case "purge":
        return await client.purge(key);
      case "signal": {
        const options = request.once ? { key: `signal ${at}` } : {};
        return await client.signal(key, "add", request.n, options);
      }
    }
  } catch (error) {
    if (error instanceof HandbackError) return error.code;
    throw error;
  }
}

/** Delivers each message again, after as many later ones as `lags` says. */
function twice(ingress: ClusterIngress, lags: readonly number[]) {
  let sent = 0;
  const waiting: { readonly after: number; readonly message: IngressMessage }[] = [];
  const deliver = async (isDue: (after: number) => boolean): Promise<void> => {
    for (const each of waiting.filter(({ after }) => isDue(after))) {
      waiting.splice(waiting.indexOf(each), 1);
      await ingress.send([each.message]);
    }
  };
  return {
    send: async (messages: readonly IngressMessage[]) => {
      await ingress.send(messages);
      for (const message of messages) {
        const lag = lags[sent % Math.max(1, lags.length)] ?? 0;
        waiting.push({ after: sent++ + lag, message });
      }
      await deliver((after) => after < sent);
    },
    rest: () => deliver(() => true),
  };
}

/** Makes the requests one after the other. Returns what they and the functions say. */
async function run(made: readonly Request[], lags: readonly number[] | undefined) {
  const clock = new VirtualClock();
  const cluster = new WireCluster({
    handle: () => program.handle,
    clock,
    random: new SeededRandom(1),
    namespaces: ["_sys", "shop"],
    egresses: [REPLIES],
  });
  const repeating = lags && twice(cluster.ingress, lags);
  const program = statefun({
    functions,
    ingress: repeating ?? cluster.ingress,
    egress: cluster.egress(REPLIES),
    clock,
    log: silentLog,
  });
  const client = driven(program.client, clock);
  const outcomes: unknown[] = [];
  for (const [at, request] of made.entries()) outcomes.push(await make(client, request, at));
  await repeating?.rest();
  await clock.advance(1_000);
  const totals = [];
  for (const key of KEYS) {
    const { starts, sum, events } = await client.call(total.read, undefined, { id: key });
    const status = await client.status(key).then(
      (found) => found.status,
      () => "none",
    );
    totals.push({ starts, sum, events, status });
  }
  cluster.stop();
  program.close();
  expect(cluster.failure).toBeUndefined();
  return { outcomes, totals };
}

test(
  "requests that an ingress delivers twice, at any later time, count once",
  { timeout: 90_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(
        requests,
        fc.array(fc.nat({ max: 6 }), { minLength: 1, maxLength: 8 }),
        async (made, lags) => {
          expect(await run(made, lags)).toEqual(await run(made, undefined));
        },
      ),
    );
  },
);

const key = "a";
const started = { does: "start", key } as const;
const ended = [{ does: "cancel", key } as const, { does: "purge", key } as const];

test.each<readonly [name: string, made: readonly Request[]]>([
  ["start", [started, ...ended]],
  ["start that attached", [started, { does: "cancel", key }, started, { does: "purge", key }]],
  ["signal", [started, { does: "signal", key, n: 1, once: false }, ...ended, started]],
  ["keyed signal", [started, { does: "signal", key, n: 1, once: true }, ...ended, started]],
  ["cancel and a purge", [started, ...ended, started]],
])(
  "a %s delivered again after the flow was purged does not reach a flow of the key",
  async (...[, made]) => {
    expect(await run(made, [9])).toEqual(await run(made, undefined));
  },
);
