import { Hono } from "hono";
import { asyncHttp, serveHttp } from "../../src/http/index.ts";
import type { HttpLoad, HttpLoaded } from "../children/http-load.ts";
import type { Bench } from "../measure/bench.ts";
import { WARM_UP_SHARE } from "../measure/bench.ts";
import { runChild } from "../measure/child-process.ts";
import { callFor, PAYLOAD } from "../measure/load.ts";
import { withSubject } from "../measure/subject.ts";
import { startProcessorTime } from "../measure/usage.ts";
import { noop } from "../measure/workloads.ts";

const CONNECTIONS = 256;

/**
 * Calls of an empty function over HTTP, compared to a bare route of Hono that reads and answers
 * bodies of the same size. The CPU time of a request is that of the bare route, of the engine, and
 * of the edge between them.
 */
export const http: Bench = {
  name: "http",
  rounds: 3,
  measure: (engine, seconds) =>
    withSubject({ engine, functions: noop.functions }, async ({ client }) => {
      const app = asyncHttp(client, { functions: noop.functions });
      const calls = await measureServer(app, "/functions/bench/noop?wait=5", seconds);
      const route = await measureServer(bareRoute(calls.length), "/bare", seconds);
      const engineUs = await measureEngine(seconds, (n) => noop.call(client, n));
      return [
        { name: "http-bare", value: route.rate, unit: "requests/s", of: "" },
        {
          name: "http",
          value: calls.rate,
          unit: "requests/s",
          of: "http-bare",
          reference: route.rate,
        },
        { name: "http-cpu-route", value: route.cpuUs, unit: "us/request", of: "" },
        { name: "http-cpu-engine", value: engineUs, unit: "us/request", of: "" },
        {
          name: "http-cpu-edge",
          value: calls.cpuUs - route.cpuUs - engineUs,
          unit: "us/request",
          of: "",
        },
      ];
    }),
};

/** A route that reads the body of each request, and answers with JSON of this length. */
function bareRoute(length: number): Hono {
  const empty = JSON.stringify({ output: PAYLOAD, more: "" }).length;
  const more = "x".repeat(Math.max(0, length - empty));
  return new Hono().post("/bare", async (c) => {
    const output: unknown = await c.req.json();
    return c.json({ output, more });
  });
}

/** Lets another process send requests to an app. Measures the CPU time of this process. */
async function measureServer(
  app: Hono,
  path: string,
  seconds: number,
): Promise<{ readonly rate: number; readonly cpuUs: number; readonly length: number }> {
  const server = await serveHttp(app);
  const load = (seconds: number): Promise<HttpLoaded> =>
    runChild(new URL("../children/http-load.ts", import.meta.url), {
      port: server.port,
      path,
      body: JSON.stringify(PAYLOAD),
      expected: PAYLOAD,
      connections: CONNECTIONS,
      seconds,
    } satisfies HttpLoad);
  try {
    await load(seconds * WARM_UP_SHARE);
    const cpu = startProcessorTime();
    const { answers, seconds: taken, length } = await load(seconds);
    return { rate: answers / taken, cpuUs: cpu() / answers, length };
  } finally {
    await server.close();
  }
}

/** Measures the CPU time of a call without HTTP. */
async function measureEngine(seconds: number, call: (n: number) => Promise<void>): Promise<number> {
  await callFor(seconds * WARM_UP_SHARE, CONNECTIONS, call);
  const cpu = startProcessorTime();
  const { calls } = await callFor(seconds, CONNECTIONS, call);
  return cpu() / calls;
}
