import { embedded, fn, memory } from "handback";
import { silentLog } from "handback/engine";
import { VirtualClock } from "handback/testing";
import { expect, test } from "vitest";

test.each([0, 1, 2])(
  "a sink that fails %d times gets a value until it takes it, and then never again",
  async (failures) => {
    const clock = new VirtualClock();
    let deliveries = 0;
    const sink = (): void => {
      if (deliveries++ < failures) throw new Error("not now");
    };
    const publish = fn("test/publish", (ctx) => ctx.egress("test/out", 7));
    const egress = { "test/out": sink };
    const engine = await embedded({
      functions: [publish],
      store: memory(),
      clock,
      egress,
      log: silentLog,
    });
    await clock.until(engine.client.call(publish));
    await clock.until(clock.work(24 * 60 * 60 * 1_000));
    expect(deliveries).toBe(failures + 1);
    await engine.close();
  },
);
