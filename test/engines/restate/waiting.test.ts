import { stateful } from "handback";
import { describe, expect, test } from "vitest";
import { rootId } from "../../../src/core/message/message-id.ts";
import { adoptAddress, printAdoption } from "../../../src/engines/restate/delivery/adoption.ts";
import {
  deliverToAddress,
  listenAtAddress,
  saveState,
} from "../../../src/engines/restate/delivery/address.ts";
import { collectAtAddress } from "../../../src/engines/restate/delivery/collection.ts";
import { AddressState } from "../../../src/engines/restate/delivery/address-state.ts";
import { listenForReply, putReply } from "../../../src/engines/restate/delivery/replies.ts";
import { serviceNames } from "../../../src/engines/restate/wire/recipient.ts";
import { printDelivery } from "../../../src/engines/restate/wire/delivery.ts";
import type { PrintedDelivery } from "../../../src/engines/restate/wire/delivery.ts";
import { codec } from "../../../src/futures/protocol/codec.ts";
import { defineAll } from "../../../src/futures/run/registry.ts";
import { hosted } from "./support/hosted.ts";
import { RecordedObject } from "./support/recorded-journal.ts";

const functions = hosted(new Map(), 0);
const names = serviceNames("app");
const WAIT_MS = 50_000;
/** An instant after the present of handlers, which is that of the machine. */
const LATER = 9_000_000_000_000;

describe("clients that wait for a flow", () => {
  test("are all remembered, whenever each of them began to wait", async () => {
    const journal = new RecordedObject("_sys/flow/f");
    for (const [sleeper, at] of [
      ["first", 1_000],
      ["second", 1_010],
      ["third", 2_500],
    ] as const)
      await listenAtAddress(functions, journal, { reply: "r", sleeper, at, until: at + WAIT_MS });
    const { listeners } = await AddressState.load(journal);
    expect(listeners.map(({ sleeper }) => sleeper)).toEqual(["first", "second", "third"]);
  });

  test("are forgotten once they have stopped to wait", async () => {
    const journal = new RecordedObject("_sys/flow/f");
    for (const [sleeper, at] of [
      ["gone", 1_000],
      ["new", 1_000 + WAIT_MS + 1],
    ] as const)
      await listenAtAddress(functions, journal, { reply: "r", sleeper, at, until: at + WAIT_MS });
    const { listeners } = await AddressState.load(journal);
    expect(listeners.map(({ sleeper }) => sleeper)).toEqual(["new"]);
  });
});

test("a reply also reaches a client that asks again, because its first wait had ended", async () => {
  const journal = new RecordedObject("client:c/1");
  await listenForReply(names, journal, { sleeper: "ended" });
  await putReply(names, journal, "7");
  await listenForReply(names, journal, { sleeper: "again" });
  expect(journal.woken).toEqual([
    ["ended", "7"],
    ["again", "7"],
  ]);
});

test("messages that collect expired values do not multiply", async () => {
  const journal = new RecordedObject("app/f/id");
  const expiring = { content: { json: 1 }, type: undefined };
  const write = async (name: string, expiresAt: number): Promise<void> => {
    const state = await AddressState.load(journal);
    state.write({ name, value: { ...expiring, expiresAt } });
    saveState(functions, journal, state, 0);
  };
  await write("late", 2_000);
  await write("early", 1_000);
  const instants = (): readonly number[] =>
    journal.done.map(({ input }) => (JSON.parse(input) as { at: number }).at);
  expect(instants()).toEqual([2_000, 1_000]);
  await collectAtAddress(functions, journal, { at: 1_000 });
  await write("last", 3_000);
  // Two messages are under way for this instant.
  await collectAtAddress(functions, journal, { at: 2_000 });
  await collectAtAddress(functions, journal, { at: 2_000 });
  expect(instants().filter((at) => at === 3_000)).toHaveLength(1);
  await collectAtAddress(functions, journal, { at: 3_000 });
  expect(journal.values.size).toBe(0);
});

describe("an object whose address has no state left", () => {
  const holder = stateful("app/f", { state: {}, handlers: { go: () => undefined } });
  const handled = hosted(defineAll([holder]), 0);

  function message(name: string, token?: string): PrintedDelivery {
    const id = rootId(name === "go" ? "000000000000000a" : "000000000000000b");
    const target = { type: "app/f", id: "id" };
    const envelope = { id, target, name: "go", payload: codec.encode(undefined) };
    return printDelivery({ envelope, at: LATER, token });
  }

  test("stores nothing once the message that it sent itself is delivered", async () => {
    const journal = new RecordedObject("app/f/id");
    const sends = [{ delivery: message("later", "t"), key: "app/f/id", dueAt: LATER, token: "t" }];
    const printed = printAdoption({ state: AddressState.empty(), sends });
    await adoptAddress(handled, journal, printed);
    expect((await AddressState.load(journal)).delayed.size).toBe(1);
    // Another message with the same token is not the one that it can cancel.
    await deliverToAddress(handled, journal, [message("go", "t")]);
    expect((await AddressState.load(journal)).delayed.size).toBe(1);
    await deliverToAddress(handled, journal, [message("later", "t")]);
    const { delayed, collectAt } = await AddressState.load(journal);
    expect(delayed.size).toBe(0);
    await collectAtAddress(handled, journal, { at: collectAt ?? 0 });
    expect(journal.values.size).toBe(0);
  });

  test("forgets tokens of messages to others, and clients that wait, when they are past", async () => {
    const journal = new RecordedObject("app/f/id");
    const state = AddressState.empty();
    state.delayed.set("t", { invocation: "i", dueAt: 2_000 });
    saveState(handled, journal, state, 1_000);
    await listenAtAddress(handled, journal, {
      reply: "r",
      sleeper: "s",
      at: 1_000,
      until: 900_000,
    });
    for (let collects = 0; collects < 3; collects++) {
      const { collectAt } = await AddressState.load(journal);
      if (collectAt !== undefined) await collectAtAddress(handled, journal, { at: collectAt });
    }
    expect(journal.values.size).toBe(0);
  });
});

test("a state that was made without an id is deleted some terms after it has aged out", async () => {
  const journal = new RecordedObject("app/f/id");
  const state = AddressState.empty();
  state.write({ name: "count", value: { content: { json: 1 } } });
  state.write({ name: "@life", value: { content: { json: 1_000 }, expiresAt: 3_000 } });
  saveState(functions, journal, state, 2_000);
  await collectAtAddress(functions, journal, { at: 3_000 });
  expect(journal.values.size).toBe(1);
  await collectAtAddress(functions, journal, { at: 10_000 });
  expect(journal.values.size).toBe(0);
});
