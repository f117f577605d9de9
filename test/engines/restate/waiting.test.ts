import { describe, expect, test } from "vitest";
import {
  collectAtAddress,
  listenAtAddress,
  saveState,
} from "../../../src/engines/restate/delivery/address.ts";
import { AddressState } from "../../../src/engines/restate/delivery/address-state.ts";
import { listenForReply, putReply } from "../../../src/engines/restate/delivery/replies.ts";
import { serviceNames } from "../../../src/engines/restate/wire/recipient.ts";
import { hosted } from "./support/hosted.ts";
import { RecordedObject } from "./support/recorded-journal.ts";

const functions = hosted(new Map(), 0);
const names = serviceNames("app");
const WAIT_MS = 50_000;

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
