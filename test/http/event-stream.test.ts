import { expect, test, vi } from "vitest";
import { eventStream } from "../../src/http/streams/event-stream.ts";
import type { ServerEvent } from "../../src/http/streams/event-stream.ts";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";

test("a quiet stream keeps nothing for the heartbeats that it has sent", async () => {
  const clock = new VirtualClock();
  const item = Promise.withResolvers<IteratorResult<ServerEvent, void>>();
  // A promise keeps each of its listeners until it settles.
  const listen = vi.spyOn(item.promise, "then");
  async function* none(): AsyncGenerator<ServerEvent, void, void> {}
  const events = Object.assign(none(), { next: () => item.promise });
  const options = { clock, heartbeatMs: 1_000, patienceMs: 60_000, ended: () => undefined };
  const reader = eventStream(events, options).getReader();
  await reader.read();
  for (let beat = 0; beat < 20; beat++) {
    const { value } = await clock.until(reader.read());
    expect(new TextDecoder().decode(value)).toBe(": still here\n\n");
  }
  expect(listen).toHaveBeenCalledTimes(1);
  item.resolve({ done: false, value: { data: 1 } });
  expect(new TextDecoder().decode((await reader.read()).value)).toBe("data: 1\n\n");
  await reader.cancel();
});
