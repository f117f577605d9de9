import fc from "fast-check";
import { fn, stateful, value } from "handback";
import { expect, test } from "vitest";
import type { Json } from "../../../src/core/data/json.ts";
import { rootId } from "../../../src/core/message/message-id.ts";
import { deliverToAddress } from "../../../src/engines/restate/delivery/address.ts";
import { AddressState } from "../../../src/engines/restate/delivery/address-state.ts";
import { Carrier } from "../../../src/engines/restate/delivery/carrier.ts";
import { printDelivery } from "../../../src/engines/restate/wire/delivery.ts";
import type { PrintedDelivery } from "../../../src/engines/restate/wire/delivery.ts";
import { NO_USAGE } from "../../../src/core/activation/meter.ts";
import { codec } from "../../../src/futures/protocol/codec.ts";
import { defineAll } from "../../../src/futures/run/registry.ts";
import { hosted } from "./support/hosted.ts";
import { RecordedJournal, RecordedObject } from "./support/recorded-journal.ts";

let messages = 0;

function messageFor(
  type: string,
  id: string,
  name: string,
  input: unknown,
  control?: Json,
): PrintedDelivery {
  const number = (++messages).toString(16).padStart(16, "0");
  const payload = codec.encode(input);
  return printDelivery({
    envelope: {
      id: rootId(number),
      target: { type, id },
      name,
      payload,
      ...(control !== undefined && { control }),
    },
    at: 1_000,
  });
}

test("a state that would become larger than Restate reads fails the call, and stays as it was", async () => {
  let runs = 0;
  const notes = stateful("step/notes", {
    state: { one: value(""), two: value(""), three: value("") },
    handlers: {
      set: (ctx, name: "one" | "two" | "three") => {
        ctx.state[name] = String(runs++).repeat(400_000);
      },
    },
  });
  const functions = hosted(defineAll([notes]), 0);
  const journal = new RecordedObject("step/notes/n");
  const set = (name: string) =>
    deliverToAddress(functions, journal, [messageFor("step/notes", "n", "set", name)]);
  await set("one");
  await set("two");
  // A value that is replaced does not count twice.
  await set("two");
  expect(journal.done.every(({ what }) => what === "run")).toBe(true);
  await set("three");
  const { values } = await AddressState.load(journal);
  expect([...values.keys()].filter((name) => /one|two|three/.test(name))).toHaveLength(2);
  const [failed] = journal.done.filter(({ to }) => to.startsWith("app.letters"));
  expect(failed?.input).toMatch("PAYLOAD_TOO_LARGE");
});

test.each(["step/gone", "step/here"])(
  "whether this code has %s is journaled, so other code may go on with the invocation",
  async (type) => {
    const here = fn("step/here", () => 1);
    const journal = new RecordedJournal();
    const functions = hosted(defineAll([here]), 32);
    const id = messageFor(type, "any", "call", 1)[2];
    await new Carrier(functions, journal).carry(messageFor(type, id, "call", 1));
    expect(journal.done[0]).toMatchObject({ what: "run", to: `${type} call` });
  },
);

test("a message for a function that has got a state since it was sent goes to its virtual object", async () => {
  const counted = stateful("step/counted", {
    state: { count: value(0) },
    handlers: { call: (ctx, n: number) => (ctx.state.count += n) },
  });
  const journal = new RecordedJournal();
  const functions = hosted(defineAll([counted]), 32);
  const id = "0".repeat(40);
  const [version, at, , head, payload] = messageFor("step/counted", id, "call", 1);
  await new Carrier(functions, journal).carry([version, at, id, head, payload]);
  expect(journal.done).toMatchObject([
    { what: "run", to: "step/counted call" },
    { what: "send", to: `app.address step/counted/${id} deliver` },
  ]);
});

test("a join that is over keeps no values, in whatever order its messages come, and none is parked", async () => {
  const BRANCHES = 5;
  const tally = JSON.parse(JSON.stringify(NO_USAGE)) as Json;
  // Failures are short, and values are not.
  const branches = fc.oneof(
    fc.constant({ ok: false, length: 3 }),
    fc.record({ ok: fc.constant(true), length: fc.constantFrom(3, 20_000, 400_000, 700_000) }),
  );
  const messagesOf = fc
    .array(branches, { minLength: BRANCHES, maxLength: BRANCHES })
    .chain((settled) =>
      fc.record({
        settled: fc.constant(settled),
        order: fc.shuffledSubarray(
          Array.from({ length: BRANCHES + 1 }, (_, index) => index),
          { minLength: BRANCHES + 1 },
        ),
      }),
    );
  await fc.assert(
    fc.asyncProperty(messagesOf, async ({ settled, order }) => {
      const functions = hosted(defineAll([]), 0);
      const [type, id] = ["_sys/all", rootId("00000000000000aa")];
      const journal = new RecordedObject(`${type}/${id}`);
      for (const [count, index] of order.entries()) {
        const branch = settled[index];
        const segments = ["[", ...Array.from({ length: BRANCHES - 1 }, () => ","), "]"];
        const message =
          branch === undefined
            ? messageFor(type, id, "open", undefined, { segments, consumers: [] })
            : messageFor(type, id, "settle", "x".repeat(branch.length), {
                index,
                ok: branch.ok,
                tally,
              });
        await deliverToAddress(functions, journal, [message]);
        expect(journal.done.filter(({ to }) => to.startsWith("app.address"))).toEqual([]);
        const isOpen = order.slice(0, count + 1).includes(BRANCHES);
        const come = order.slice(0, count + 1).flatMap((each) => settled[each] ?? []);
        const isOver =
          come.some(({ ok }) => !ok) ||
          come.reduce((sum, { length }) => sum + length, 0) > functions.environment.payloadLimit;
        const stored = [...journal.values.values()].reduce((sum, { length }) => sum + length, 0);
        if (isOpen && isOver) expect(stored).toBeLessThan(1_000);
      }
      expect(journal.values.size).toBe(0);
    }),
    { numRuns: 40 },
  );
});
