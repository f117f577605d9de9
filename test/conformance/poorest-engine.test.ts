import { fn, stateful, value } from "handback";
import { expect, test } from "vitest";
import { conformance } from "./conformance.ts";
import { onPoorest } from "./host.ts";

conformance(onPoorest);

test("says UNSUPPORTED where a handler blocks, and where state is read from outside", async () => {
  const naive = fn("test/naive", (ctx) => ctx.get(ctx.sleep(1)));
  const counter = stateful("test/counter", { state: { count: value(0) }, handlers: { add: (ctx, n: number) => (ctx.state.count += n) } });
  const host = await onPoorest.start([naive, counter], {}, 1);
  const { client } = host;
  await expect(client.call(naive)).rejects.toMatchObject({ code: "UNSUPPORTED" });
  await client.call(counter.add, 1, { id: "c" });
  await expect(client.readState(counter, "c")).rejects.toMatchObject({ code: "UNSUPPORTED" });
  await host.close();
});
