import { describe, expect, test } from "vitest";
import { activate } from "../../src/core/activation/activate.ts";
import { Activation } from "../../src/core/activation/activation.ts";
import type { Environment } from "../../src/core/activation/environment.ts";
import type { Encoded } from "../../src/core/codec/encoded.ts";
import type { Json } from "../../src/core/data/json.ts";
import { silent } from "../../src/core/host/log.ts";
import { rootId } from "../../src/core/message/message-id.ts";
import type { Consumer } from "../../src/futures/protocol/consumer.ts";
import { deliverSettlement } from "../../src/futures/protocol/deliver.ts";
import { fulfilledSettlement } from "../../src/futures/protocol/settled.ts";
import { defineAll } from "../../src/futures/run/registry.ts";

const id = rootId("0000010000000002");
const USAGE = [1, 2, 0, 0, 5, 6] as const;

const environment: Environment = {
  storeId: "store",
  clock: { now: () => 1000, monotonicNs: () => 0, setTimer: () => () => undefined },
  log: silent,
  payloadLimit: 1000,
  retentionMs: 1000,
  ageOutMs: 1000,
  random: () => 0,
  secret: (bytes) => new Uint8Array(bytes),
  scopedCancel: true,
  knows: () => true,
};

/** What a system function makes of a message, with this stored value. */
function handle(
  type: string,
  message: { readonly name: string; readonly control: Json },
  stored: Readonly<Record<string, Json>> = {},
) {
  const definition = defineAll([]).get(type);
  if (definition === undefined) throw new Error(`no function ${type}`);
  const json = (name: string) => stored[name];
  const effects = activate(definition, {
    envelope: { id, target: { type, id }, payload: "7" as Encoded, ...message },
    state: {
      read: (name) => {
        const value = json(name);
        return value === undefined ? undefined : { content: { json: value } };
      },
    },
    environment,
  });
  if (effects instanceof Promise) throw new Error("a system function is not asynchronous");
  return effects;
}

const settle = { name: "settle", control: { index: 0, ok: true, tally: USAGE } };
/** A system function, the value that has its version, a message that changes that, and the version. */
const STATES = [
  ["_sys/all", "join", settle, 1],
  ["_sys/race", "race", settle, 1],
  ["_sys/first", "first", settle, 1],
  ["_sys/wait", "ticks", settle, 1],
  ["_sys/event", "queue", { name: "signal", control: null }, 2],
] as const;

describe.each(STATES)("the state of %s", (type, name, message, version) => {
  const written = () =>
    handle(type, message).writes.find((write) => write.name === name)?.value?.content.json;

  test("has a version", () => {
    expect(written()).toMatchObject({ v: version });
  });

  test("is read without a version, as the first release wrote it", () => {
    const { v: _, ...former } = written() as { v: number };
    const { writes } = handle(type, message, { [name]: former });
    expect(writes.map((write) => write.name)).toContain(name);
  });

  test("is refused in a format of a later release", () => {
    const later = { ...(written() as object), v: version + 1 };
    expect(() => handle(type, message, { [name]: later })).toThrow(
      `the value ${name} of ${type} has format ${version + 1}, and this release reads up to ${version}`,
    );
  });
});

test("an event queue of version 1 serves the values that it kept inside, before later ones", () => {
  const queue = { v: 1, values: ['"a"', '"b"'], waiters: [], guards: 0 };
  const consumers = [{ to: "answer", key: "k" }];
  const message = { name: "wait", control: { consumers } };
  const { replies, writes } = handle("_sys/event", message, { queue });
  expect(replies).toMatchObject([{ key: "k", payload: '"a"' }]);
  expect(writes[0]?.value?.content.json).toMatchObject({ v: 2, values: ['"b"'] });
  const kept = handle("_sys/event", { name: "signal", control: null }, { queue });
  expect(kept.writes[0]?.value?.content.json).toMatchObject({ values: queue.values, next: 1 });
});

test.each([
  ["_sys/join", "slot", "join"],
  ["_sys/race", "slot", "race"],
  ["_sys/wait", "tick", "ticks"],
])("%s takes a message of the former name %s", (type, former, name) => {
  const { writes } = handle(type, { ...settle, name: former });
  expect(writes.map((write) => write.name)).toContain(name);
});

describe("a consumer of the former word", () => {
  const served = (consumer: object) => {
    const envelope = { id, target: { type: "t/f", id }, name: "call", payload: "1" as Encoded };
    const state = { read: () => undefined };
    const activation = new Activation([], { envelope, state, environment });
    const stored = JSON.parse(JSON.stringify(consumer)) as Consumer;
    deliverSettlement(activation, [stored], fulfilledSettlement("7" as Encoded), "flow-1");
    return activation.sends.map(({ envelope: { target, name, control, payload } }) => ({
      to: target.type,
      name,
      control,
      payload,
    }));
  };

  test("slot fills a join", () => {
    expect(served({ to: "slot", id, index: 3, tally: USAGE })).toEqual([
      {
        to: "_sys/join",
        name: "settle",
        control: { index: 3, ok: true, tally: USAGE },
        payload: "7",
      },
    ]);
  });

  test("tick counts in a wait, and its usage travels on", () => {
    expect(served({ to: "tick", id, index: 3, tally: USAGE })).toMatchObject([
      { to: "_sys/wait", name: "settle", control: { index: 3, ok: true, tally: USAGE } },
    ]);
  });
});
