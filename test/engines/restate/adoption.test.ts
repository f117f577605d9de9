import fc from "fast-check";
import { fn, stateful, value } from "handback";
import { expect, test } from "vitest";
import { rootId } from "../../../src/core/message/message-id.ts";
import { AddressState } from "../../../src/engines/restate/delivery/address-state.ts";
import { adoptAddress, printAdoption } from "../../../src/engines/restate/delivery/adoption.ts";
import { deliverToAddress } from "../../../src/engines/restate/delivery/address.ts";
import { Carrier } from "../../../src/engines/restate/delivery/carrier.ts";
import { printDelivery, readDelivery } from "../../../src/engines/restate/wire/delivery.ts";
import type { PrintedDelivery } from "../../../src/engines/restate/wire/delivery.ts";
import { codec } from "../../../src/futures/protocol/codec.ts";
import { defineAll } from "../../../src/futures/run/registry.ts";
import { hosted } from "./support/hosted.ts";
import { RecordedJournal, RecordedObject } from "./support/recorded-journal.ts";
import type { Done } from "./support/recorded-journal.ts";

const NUMBER = "00000000000000ff";

/** A wait with a timeout: how many branches have no state, how many have, and how many must end. */
interface Waiting {
  readonly calls: number;
  readonly states: number;
  readonly count: number;
}

const branch = fn("test/branch", (_, n: number) => n + 1);
const counter = stateful("test/counter", {
  state: { count: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.count += n) },
});
const waits = fn("test/waits", (ctx, { calls, states, count }: Waiting) => {
  const each = [
    ...Array.from({ length: calls }, (_, n) => ctx.invoke(branch, n)),
    ...Array.from({ length: states }, (_, n) => ctx.invoke(counter.add, n, { id: `s${n}` })),
  ];
  return ctx.onComplete(ctx.wait(each, { count, timeout: "1h" }), done);
});
const done = fn("test/done", () => "done");

const waitings = fc
  .record({
    calls: fc.nat(3),
    states: fc.nat(3),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ calls, states, share }) => ({
    calls,
    states,
    count: Math.round((calls + states) * share),
  }));

/** Begins a flow that waits, and returns what the invocation did. */
async function begin(waiting: Waiting, carriedCalls: number): Promise<readonly Done[]> {
  const journal = new RecordedJournal();
  const control = { type: "test/waits", name: "call", number: NUMBER, key: "asked", awaits: true };
  const target = { type: "_sys/flow", id: NUMBER };
  const payload = codec.encode(waiting);
  const envelope = { id: rootId(NUMBER), target, name: "start", payload, control };
  const delivery = printDelivery({ envelope, at: 1_000 });
  const question = { delivery, reply: "asked", outcome: `flow/${NUMBER}` };
  await new Carrier(functionsWith(carriedCalls), journal).begin(question);
  return journal.done;
}

function functionsWith(carriedCalls: number) {
  return hosted(defineAll([waits, branch, counter, done]), carriedCalls);
}

/** Returns the virtual objects of the waits that left an invocation, as they are then. */
async function objectsOf(did: readonly Done[]): Promise<readonly RecordedObject[]> {
  const objects = new Map<string, RecordedObject>();
  for (const { to, input } of did) {
    const [service, key = "", handler] = to.split(" ");
    if (service !== "app.address" || !key.startsWith("_sys/wait/")) continue;
    const object = objects.get(key) ?? new RecordedObject(key);
    objects.set(key, object);
    if (handler === "adopt") await adoptAddress(functionsWith(0), object, input);
    else
      await deliverToAddress(
        functionsWith(0),
        object,
        JSON.parse(input) as readonly PrintedDelivery[],
      );
  }
  return [...objects.values()];
}

test("the timeout of a wait leaves from the wait's own object, which can cancel it", async () => {
  let left = 0;
  await fc.assert(
    fc.asyncProperty(waitings, fc.constantFrom(0, 1, 2, 8), async (waiting, carriedCalls) => {
      const did = await begin(waiting, carriedCalls);
      expect(did.filter(({ what, input }) => what === "send" && isTimeout(input))).toEqual([]);
      for (const object of await objectsOf(did)) {
        const { delayed, isEmpty } = await AddressState.load(object);
        const sent = object.done.flatMap(({ what, input }, n) =>
          what === "send" && isTimeout(input) ? `i${n}` : [],
        );
        const canceled = object.done.flatMap(({ what, to }) => (what === "cancel" ? to : []));
        const known = Array.from(delayed.values(), ({ invocation }) => invocation);
        expect([...known, ...canceled].toSorted()).toEqual(sent);
        if (!isEmpty) left += known.length;
      }
    }),
  );
  expect(left).toBeGreaterThan(0);
});

test("a wait that was held and is decided later cancels its timeout", async () => {
  const did = await begin({ calls: 1, states: 1, count: 2 }, 8);
  const [object] = await objectsOf(did);
  if (object === undefined) throw new Error("expected a wait that has left its invocation");
  const timeout = object.done.findIndex(({ input }) => isTimeout(input));
  expect(timeout).toBeGreaterThan(-1);
  const target = { type: "_sys/wait", id: object.key.slice("_sys/wait/".length) };
  const control = { index: 1 };
  const envelope = {
    id: rootId("000000000000aaaa"),
    target,
    name: "settle",
    payload: codec.encode(1),
    control,
  };
  await deliverToAddress(functionsWith(0), object, [printDelivery({ envelope, at: 2_000 })]);
  expect(object.done).toContainEqual({ what: "cancel", to: `i${timeout}`, input: "" });
});

test("an adoption of a later release is refused, and one of the first release is read", async () => {
  const object = new RecordedObject("app/f/id");
  const state = AddressState.empty();
  state.write({ name: "count", value: { content: { json: 1 } } });
  const printed = printAdoption({ state, sends: [] });
  expect(printed).toBe('{"v":1,"values":[["count",{"content":{"json":1}}]]}');
  await adoptAddress(functionsWith(0), object, printed);
  expect((await AddressState.load(object)).names).toEqual(["count"]);
  await expect(adoptAddress(functionsWith(0), object, '{"v":3,"sends":[]}')).rejects.toMatchObject({
    code: "FORMAT_TOO_NEW",
  });
});

/** Tells whether the messages that an invocation got are one delayed message with a token. */
function isTimeout(input: string): boolean {
  const messages = JSON.parse(input) as readonly PrintedDelivery[] | object;
  return (
    Array.isArray(messages) && readDelivery(messages[0] as PrintedDelivery).token !== undefined
  );
}
