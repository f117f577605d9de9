// Results of the whole interface, exported, so that declarations name their types.
import { embedded, memory, sqlite } from "handback";
import { asyncHttp, serveHttp } from "handback/http";
import { toMermaid } from "handback/patterns";
import { everyCrash, mock, record, schedules, simulate, VirtualClock } from "handback/testing";
import {
  activate,
  defineFunctions,
  PendingReplies,
  setLongTimer,
  silentLog,
} from "handback/engine";
import { byDefault, counter, count } from "./definitions.ts";
export const stores = { memory: memory(), sqlite: sqlite("x.db") };
export const engine = await embedded({ functions: [counter, count, byDefault], store: memory() });
export const { client, meter } = engine;
export const flow = await client.start(count, 1);
export const status = await client.status(flow);
export const bills = [await client.bill("x"), await meter.flow("x")];
export const functionBill = meter.function("x");
export const waits = await client.waits(flow);
export const state = await client.readState(counter, "x");
export const letters = engine.deadLetters();
export const parked = engine.unregistered;
export const run = await simulate({ functions: [count] }, (t) => t.client.call(count, 1));
export const trace = run.trace;
export const calls = run.calls(count);
export const crashes = await everyCrash({ functions: [count] }, (t) => t.client.call(count, 1));
export const doubles = { mocked: mock(count, (_, n) => n), recorded: record(count) };
export const arbitrary = schedules();
export const clock = new VirtualClock();
export const app = asyncHttp(client, { functions: [count] });
export const server = await serveHttp(app);
export const diagram = toMermaid(count);
export const parts = {
  activate,
  defineFunctions,
  replies: new PendingReplies(),
  setLongTimer,
  silentLog,
};
