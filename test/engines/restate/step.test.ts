import { fn, stateful, value } from "handback";
import { expect, test } from "vitest";
import { rootId } from "../../../src/core/message/message-id.ts";
import { deliverToAddress } from "../../../src/engines/restate/delivery/address.ts";
import { AddressState } from "../../../src/engines/restate/delivery/address-state.ts";
import { Carrier } from "../../../src/engines/restate/delivery/carrier.ts";
import { printDelivery } from "../../../src/engines/restate/wire/delivery.ts";
import type { PrintedDelivery } from "../../../src/engines/restate/wire/delivery.ts";
import { codec } from "../../../src/futures/protocol/codec.ts";
import { defineAll } from "../../../src/futures/run/registry.ts";
import { hosted } from "./support/hosted.ts";
import { RecordedJournal, RecordedObject } from "./support/recorded-journal.ts";

let messages = 0;

function messageFor(type: string, id: string, name: string, input: unknown): PrintedDelivery {
  const number = (++messages).toString(16).padStart(16, "0");
  const payload = codec.encode(input);
  return printDelivery({
    envelope: { id: rootId(number), target: { type, id }, name, payload },
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
