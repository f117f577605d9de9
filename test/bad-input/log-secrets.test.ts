import { embedded, fn, memory, sqlite, stateful, value } from "handback";
import type { Context, Embedded, Log } from "handback";
import { retry } from "handback/patterns";
import fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { expect, test } from "vitest";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";

/** A text that no log line may hold. */
const SECRET = "zq4111zq";

const failures: readonly ((secret: string) => unknown)[] = [
  (secret) => secret,
  (secret) => [secret],
  (secret) => ({ name: secret, message: secret, code: secret, [secret]: secret }),
  (secret) => Object.assign(new Error(secret), { code: `E ${secret}`, name: `${secret} error` }),
  (secret) => new Error(`x\n    at ${secret} (${secret}.ts:1:1)`, { cause: secret }),
  (secret) => new AggregateError([new Error(secret)], secret),
  (secret) => Object.assign(new TypeError("x"), { details: { secret }, data: secret }),
];

/** What a handler does with its input. The number chooses among the ways to fail. */
const steps = {
  throw: (_: Context, secret: string, way: number) => {
    throw failures[way % failures.length]?.(secret);
  },
  emit: (ctx: Context, secret: string) => void ctx.emit("tokens", secret),
  status: (ctx: Context, secret: string) => ctx.setStatus({ secret }),
  attributes: (ctx: Context, secret: string, way: number) =>
    ctx.setAttributes({ [`a${way}`]: secret, [`b${way}`]: secret, [`c${way}`]: secret }),
  send: (ctx: Context, secret: string, way: number) => ctx.send(broken, { secret, way }),
  egress: (ctx: Context, secret: string) => ctx.egress("log/out", secret),
  abandon: (ctx: Context, secret: string, way: number) => void ctx.invoke(broken, { secret, way }),
  detach: (_: Context, secret: string) => void Promise.reject(new Error(secret)),
  unkept: (_: Context, secret: string) => ({ [secret]: new WeakMap() }),
  refused: (ctx: Context, secret: string) => ctx.invoke(strict, ctx.resolved(secret)),
  hang: () => new Promise(() => undefined),
  wait: (ctx: Context) => ctx.event("go"),
  promise: (ctx: Context) => {
    const promised = ctx.promise();
    tokens.push(promised.token);
    return promised;
  },
  vault: (ctx: Context, secret: string) => ctx.invoke(vault.put, secret, { id: "v" }),
  again: (ctx: Context, secret: string, way: number) => ctx.invoke(again, { secret, way }),
  pausing: (ctx: Context, secret: string, way: number) => ctx.invoke(pausing, { secret, way }),
  gone: (ctx: Context, secret: string) => ctx.invoke(gone, secret),
} as const;
type Step = keyof typeof steps;

interface Failing {
  readonly secret: string;
  readonly way: number;
}

const tokens: string[] = [];
const policy = { maxAttempts: 2, initialDelay: 1 } as const;
const broken = fn("log/broken", { retry: policy }, (_, { secret, way }: Failing): never => {
  throw failures[way % failures.length]?.(secret);
});
const strict = fn("log/strict", { input: z.string().max(3) }, () => 1);
const again = retry("log/again", broken, policy);
const pausing = fn("log/pausing", { whenFailed: "pause" }, (ctx, { secret, way }: Failing) => {
  if (ctx.attempt > 1) return secret;
  throw failures[way % failures.length]?.(secret);
});
const left = fn("log/left", (_, { args }: { result: void; args: string }) => args);
const gone = fn("log/gone", { events: [] }, (ctx, secret: string) =>
  ctx.onComplete(ctx.sleep("1m"), left, secret),
);
const vault = stateful("log/vault", {
  state: { secret: value("") },
  handlers: {
    put(ctx, secret: string) {
      if (ctx.state.secret !== "") throw new Error(ctx.state.secret);
      ctx.state.secret = secret;
    },
  },
});

interface Doing {
  readonly step: Step;
  readonly secret: string;
  readonly way: number;
}
const does = fn("log/does", { timeout: 50 }, (ctx, { step, secret, way }: Doing): unknown =>
  steps[step](ctx, secret, way),
);

const parts = [does, broken, strict, again, pausing, vault];

/** One run: calls, decisions from outside, and a start without some of the functions. */
const runs = fc.record({
  doings: fc.array(
    fc.record({
      step: fc.constantFrom(...(Object.keys(steps) as Step[])),
      way: fc.nat({ max: failures.length - 1 }),
    }),
    { minLength: 1, maxLength: 8 },
  ),
  repair: fc.constantFrom("resume", "fail", "cancel"),
  letter: fc.constantFrom("redrive", "discard"),
});

test("no line of the log has an input, a result, a state, an error's text, or a token", async () => {
  let written = 0;
  await fc.assert(
    fc.asyncProperty(runs, fc.boolean(), async (run, onDisk) => {
      const folder = mkdtempSync(join(tmpdir(), "log-secrets-"));
      tokens.length = 0;
      const lines: unknown[] = [];
      const say = (...line: unknown[]): void => void lines.push(line);
      const log: Log = { debug: say, info: say, warn: say, error: say };
      const clock = new VirtualClock();
      const store = onDisk ? sqlite(join(folder, "log.db")) : memory();
      const egress = { "log/out": (item: unknown) => Promise.reject(new Error(String(item))) };
      const options = { store, log, clock, egress };
      const first = await embedded({ ...options, functions: [...parts, gone, left] });
      await act(first, clock, run);
      await clock.hold(first.close());
      const second = await embedded({ ...options, functions: [broken, strict] });
      await clock.advance(60_000);
      await clock.hold(second.close());
      rmSync(folder, { recursive: true });
      const text = JSON.stringify(lines);
      written += lines.length;
      expect(text).not.toContain(SECRET);
      for (const token of tokens) expect(text).not.toContain(token);
    }),
    { numRuns: 25 },
  );
  expect(written).toBeGreaterThan(25);
}, 60_000);

async function act(
  engine: Embedded,
  clock: VirtualClock,
  { doings, repair, letter }: typeof runs extends fc.Arbitrary<infer Run> ? Run : never,
): Promise<void> {
  const { client } = engine;
  const started = doings.map(({ step, way }, at) =>
    client.start(does, { step, secret: SECRET, way }, { key: `flow-${at}` }),
  );
  const handles = await Promise.all(started);
  await clock.advance(100);
  for (const token of tokens) await client.settle(token, SECRET).catch(() => undefined);
  for (const { id } of handles) {
    await client.signal(id, "go", SECRET).catch(() => undefined);
    const { paused } = await client.status(id);
    for (const { call } of paused) {
      if (repair === "resume") await client.resume(id, { call, input: { secret: SECRET, way: 0 } });
      else if (repair === "fail") await client.fail(id, { call });
      else await client.cancel(id);
    }
  }
  await clock.advance(100);
  for (const { id } of engine.deadLetters())
    await (letter === "redrive" ? engine.redrive(id) : engine.discard(id)).catch(() => undefined);
  await clock.advance(100);
  await new Promise((resolve) => setImmediate(resolve));
}
