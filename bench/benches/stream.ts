import { EventEmitter, on } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fn } from "../../src/index.ts";
import type { Bench, Figure } from "../measure/bench.ts";
import { expectResult } from "../measure/load.ts";
import { quantile } from "../measure/statistics.ts";
import { withSubject } from "../measure/subject.ts";
import type { Subject } from "../measure/subject.ts";

const TOKEN = " token";
/** Tokens for each second of measurement, and those between two waits for the disk. */
const [TOKENS_PER_SECOND, BETWEEN_WAITS] = [50_000, 5_000];
/** Time between two tokens whose latency is measured. */
const PAUSE_MS = 2;

/** Emits tokens as fast as it can. */
const fast = fn("bench/stream", async (ctx, count: number) => {
  for (let n = 1; n < count; n++) {
    const durable = ctx.emit("tokens", TOKEN);
    if (n % BETWEEN_WAITS === 0) await durable;
  }
  await ctx.emit("tokens", TOKEN);
});

/** Emits the time, now and then. */
const paced = fn("bench/stream-paced", async (ctx, count: number) => {
  for (let n = 0; n < count; n++) {
    void ctx.emit("times", performance.now());
    await delay(PAUSE_MS);
  }
});

/** Returns the number of tokens per second that reach a reader. */
async function measureRate({ client }: Subject, count: number): Promise<number> {
  const start = performance.now();
  const flow = await client.start(fast, count);
  let read = 0;
  for await (const { value } of flow.stream("tokens")) if (value === TOKEN) read++;
  expectResult("stream", read, count);
  return (count / (performance.now() - start)) * 1_000;
}

/** Returns the times in ms from emits to a reader. */
async function measureLatencies({ client }: Subject, count: number): Promise<readonly number[]> {
  const times: number[] = [];
  const flow = await client.start(paced, count);
  for await (const { value } of flow.stream<number>("times")) times.push(performance.now() - value);
  expectResult("stream latencies", times.length, count);
  return times;
}

/** Measures the same with events in memory, which nothing keeps. */
async function measureEmitter(count: number, pauseMs: number): Promise<readonly number[]> {
  const emitter = new EventEmitter();
  const reading = on(emitter, "times", { close: ["end"] });
  const emitting = (async () => {
    for (let n = 0; n < count; n++) {
      emitter.emit("times", performance.now());
      if (pauseMs > 0) await delay(pauseMs);
    }
    emitter.emit("end");
  })();
  const times: number[] = [];
  for await (const [emittedAt] of reading as AsyncIterable<readonly [number]>)
    times.push(performance.now() - emittedAt);
  await emitting;
  return times;
}

/** Measures streams: tokens per second, and the time from an emit to a reader. */
export const stream: Bench = {
  name: "stream",
  measure: (engine, seconds) =>
    withSubject({ engine, functions: [fast, paced] }, async (subject) => {
      const tokens = Math.ceil(seconds * TOKENS_PER_SECOND);
      const paces = Math.ceil((seconds * 1_000) / PAUSE_MS);
      await measureRate(subject, tokens);
      const start = performance.now();
      await measureEmitter(tokens, 0);
      const emitterRate = (tokens / (performance.now() - start)) * 1_000;
      const raw = await measureEmitter(paces, PAUSE_MS);
      const rate = await measureRate(subject, tokens);
      const times = await measureLatencies(subject, paces);
      const latency = (name: string, share: number): readonly Figure[] => [
        { name: `stream-emitter-${name}`, value: quantile(raw, share), unit: "ms", of: "" },
        {
          name: `stream-${name}`,
          value: quantile(times, share),
          unit: "ms",
          of: `stream-emitter-${name}`,
          reference: quantile(raw, share),
        },
      ];
      return [
        { name: "stream-emitter", value: emitterRate, unit: "items/s", of: "" },
        {
          name: "stream",
          value: rate,
          unit: "items/s",
          of: "stream-emitter",
          reference: emitterRate,
        },
        ...latency("p50", 0.5),
        ...latency("p99", 0.99),
      ];
    }),
};
