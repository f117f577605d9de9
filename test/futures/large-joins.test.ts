import { embedded, fn, memory } from "handback";
import { expect, onTestFinished, test, vi } from "vitest";

const LIMIT = 10_000;
const PART = 3_000;

test("a join is rejected as soon as its values are too large together, and keeps none of them", async () => {
  let parts = 0;
  const part = fn("joins/part", () => {
    parts++;
    return "x".repeat(PART);
  });
  const join = fn("joins/join", { parts: [part] }, (ctx, n: number) =>
    ctx.all([...Array.from({ length: n }, () => ctx.invoke(part)), ctx.event("go")]),
  );
  const store = memory();
  const engine = await embedded({ functions: [join], store, payloadLimit: LIMIT });
  onTestFinished(() => engine.close());
  const { client } = engine;
  const large = await client.start(join, 4);
  await vi.waitFor(() => expect(parts).toBe(4));
  // The flow is over before its last value comes.
  await client.signal(large, "go", "y").catch(() => undefined);
  await expect(large.result()).rejects.toMatchObject({
    failure: { code: "PAYLOAD_TOO_LARGE", details: { size: 4 * PART + 8, limit: LIMIT } },
  });
  const flow = await client.start(join, 3);
  await client.signal(flow, "go", "y");
  expect(await flow.result()).toEqual([...Array.from({ length: 3 }, () => "x".repeat(PART)), "y"]);
});
