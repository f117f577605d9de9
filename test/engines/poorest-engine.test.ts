import fc from "fast-check";
import { expect, test } from "vitest";
import type { Activation } from "../../src/core/activation/activation.ts";
import { UNDEFINED } from "../../src/core/codec/encoded.ts";
import type { Definition } from "../../src/core/activation/definition.ts";
import type { Environment } from "../../src/core/activation/environment.ts";
import { silent } from "../../src/core/host/log.ts";
import { rootId } from "../../src/core/message/message-id.ts";
import { SeededRandom } from "../../src/testing/simulation/faults/seeded-random.ts";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import { PoorestEngine } from "./poorest/poorest-engine.ts";

const id = rootId("0".repeat(16));
const BUSY = 12;

/** Starts an engine over core functions, which see messages and no futures. */
function startEngine(
  receive: Readonly<Record<string, Definition["receive"]>>,
  { seed = 1, lost = 0 } = {},
) {
  const clock = new VirtualClock();
  const definitions = new Map(
    Object.entries(receive).map(([type, handle]) => [
      type,
      { type, valueNames: ["n"], system: true, receive: handle },
    ]),
  );
  const environment: Environment = {
    storeId: "test",
    clock,
    log: silent,
    payloadLimit: 1000,
    retentionMs: 1000,
    ageOutMs: 1000,
    random: () => 0,
    secret: (bytes) => new Uint8Array(bytes),
    scopedCancel: false,
    knows: (type) => definitions.has(type),
  };
  const engine = new PoorestEngine({
    definitions,
    environment,
    random: new SeededRandom(seed),
    lost,
  });
  const ask = (name: string) =>
    clock.until(
      engine.ask({
        envelope: { id, target: { type: "test/start", id: "s" }, name, payload: UNDEFINED },
        key: "done",
      }),
    );
  return { clock, engine, ask };
}

const send = (
  activation: Activation,
  type: string,
  name: string,
  dueAt?: number,
  token?: string,
): void =>
  activation.send(
    { id, target: { type, id: "t" }, name, payload: UNDEFINED, caller: activation.address },
    dueAt,
    token,
  );

/**
 * Sends numbered messages to one target through two relays, and returns their names in the order of
 * arrival.
 */
async function arrivals(options: { seed: number; lost?: number }): Promise<readonly string[]> {
  const seen = new Set<string>();
  const { clock, ask } = startEngine(
    {
      "test/start": (activation) => {
        for (let n = 0; n < BUSY; n++)
          for (const relay of ["test/left", "test/right"])
            send(activation, relay, String(n).padStart(2, "0"));
        activation.replyTo("done", UNDEFINED);
      },
      "test/left": (activation) => send(activation, "test/end", `left ${activation.envelope.name}`),
      "test/right": (activation) =>
        send(activation, "test/end", `right ${activation.envelope.name}`),
      "test/end": (activation) => void seen.add(activation.envelope.name),
    },
    options,
  );
  await ask("go");
  await clock.quiet();
  return [...seen];
}

test("keeps the order of each pair of sender and target, and no other order", async () => {
  const orders = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const names = await arrivals({ seed });
      orders.add(names.join());
      const each = Array.from({ length: BUSY }, (_, n) => String(n).padStart(2, "0"));
      expect(names.filter((name) => name.startsWith("left"))).toEqual(each.map((n) => `left ${n}`));
      expect(names.filter((name) => name.startsWith("right"))).toEqual(
        each.map((n) => `right ${n}`),
      );
    }),
    { numRuns: 30 },
  );
  expect(orders.size).toBeGreaterThan(20);
});

test("repeats its behavior under the same seed", async () => {
  expect(await arrivals({ seed: 7, lost: 0.5 })).toEqual(await arrivals({ seed: 7, lost: 0.5 }));
});

test("handles the messages of a lost response again, and counts their effects once", async () => {
  let runs = 0;
  const { clock, engine, ask } = startEngine(
    {
      "test/start": (activation) => {
        for (let n = 0; n < 50; n++) send(activation, "test/count", "add");
        activation.replyTo("done", UNDEFINED);
      },
      "test/count": (activation) => {
        runs++;
        const n = Number(activation.json("n") ?? 0) + 1;
        activation.write("n", { json: n });
        activation.replyTo("count", UNDEFINED, { n });
      },
    },
    { lost: 0.5 },
  );
  const replies: unknown[] = [];
  const listen = (): void =>
    void engine
      .listen("count")
      .wait()
      .then(({ control }) => (replies.push(control), listen()));
  listen();
  await ask("go");
  await clock.quiet();
  expect(runs).toBeGreaterThan(60);
  expect(replies.at(-1)).toEqual({ n: 50 });
});

test("lets messages of a consequence overtake messages that the handler sent", async () => {
  const overtaken = await Promise.all(
    Array.from({ length: 40 }, async (_, seed) => {
      const seen: string[] = [];
      const { clock, ask } = startEngine(
        {
          "test/start": (activation) => {
            send(activation, "test/end", "direct");
            send(activation, "test/relay", "go");
            activation.replyTo("done", UNDEFINED);
          },
          "test/relay": (activation) => send(activation, "test/end", "relayed"),
          "test/end": (activation) => void seen.push(activation.envelope.name),
        },
        { seed },
      );
      await ask("go");
      await clock.quiet();
      return seen[0] === "relayed";
    }),
  );
  expect(new Set(overtaken)).toEqual(new Set([true, false]));
});

test("delivers delayed messages when they are due, and never canceled ones", async () => {
  const seen: string[] = [];
  const { clock, ask } = startEngine({
    "test/start": (activation) => {
      if (activation.envelope.name === "cancel") activation.cancelSend("gone");
      else
        for (const name of ["gone", "kept"])
          send(activation, "test/end", name, activation.now + 100, name);
      activation.replyTo("done", UNDEFINED);
    },
    "test/end": (activation) =>
      void seen.push(`${activation.envelope.name} at ${activation.now - VirtualClock.startAt}`),
  });
  await ask("start");
  await ask("cancel");
  await clock.advance(99);
  expect(seen).toEqual([]);
  await clock.advance(1);
  expect(seen).toEqual(["kept at 100"]);
});

test("fails when a function uses an undeclared value, or sends to an unknown target", async () => {
  const undeclared = startEngine({
    "test/start": (activation) => activation.write("other", { json: 1 }),
  });
  await expect(undeclared.ask("go")).rejects.toThrow("does not declare");
  const unknown = startEngine({
    "test/start": (activation) => send(activation, "test/none", "go"),
  });
  await expect(unknown.ask("go")).rejects.toThrow("nobody serves test/none");
});
