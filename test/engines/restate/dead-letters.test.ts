import fc from "fast-check";
import { fn } from "handback";
import { VirtualClock } from "handback/testing";
import { describe, expect, test } from "vitest";
import { CrashGuard } from "../../../src/core/host/crash-guard.ts";
import { rootId } from "../../../src/core/message/message-id.ts";
import { decideLetter } from "../../../src/engines/restate/delivery/decide-letter.ts";
import {
  keepDeadLetter,
  listDeadLetters,
  readKeptDeadLetter,
} from "../../../src/engines/restate/delivery/dead-letters.ts";
import { Carrier } from "../../../src/engines/restate/delivery/carrier.ts";
import { printDelivery } from "../../../src/engines/restate/wire/delivery.ts";
import { codec } from "../../../src/futures/protocol/codec.ts";
import { defineAll } from "../../../src/futures/run/registry.ts";
import { hosted } from "./support/hosted.ts";
import { RecordedJournal, RecordedObject } from "./support/recorded-journal.ts";

const FLOW = "0".repeat(16);
const idOf = (n: number): string => rootId(n.toString(16).padStart(16, "0"));

function deliveryOf(n: number, at = 1_000, type = "letters/one") {
  const target = { type, id: idOf(n) };
  const control = { consumers: [], oneWay: true };
  const envelope = { id: idOf(n), target, name: "call", payload: codec.encode(n), control };
  return printDelivery({ envelope, at });
}

const letterOf = (n: number): string => JSON.stringify({ delivery: deliveryOf(n), failure: null });

/** Keeps a letter as the first release did: without an index. */
function keepAsFirstRelease(journal: RecordedObject, n: number, at: number): void {
  journal.write(`letter/${at}`, letterOf(n));
  journal.write("count", String(at + 1));
}

const functions = hosted(defineAll([fn("letters/one", (_, n: number) => n)]), 0);

describe("dead letters", () => {
  test("are listed in their order, and each is decided once", async () => {
    const action = fc.record({ what: fc.constantFrom("keep", "redrive", "discard"), n: fc.nat(8) });
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 30 }), async (actions) => {
        const journal = new RecordedObject("all");
        let kept: number[] = [];
        let sent = 0;
        for (const { what, n } of actions)
          if (what === "keep") {
            if (kept.includes(n)) continue;
            kept.push(n);
            await keepDeadLetter(journal, letterOf(n));
          } else {
            const isRedriven = what === "redrive";
            const decision = { id: idOf(n), at: 2_000, ...(isRedriven && { redriveAs: FLOW }) };
            const outcome = kept.includes(n) ? "done" : "absent";
            expect(await decideLetter(functions, journal, decision)).toEqual({ outcome });
            if (isRedriven && kept.includes(n)) sent++;
            kept = kept.filter((each) => each !== n);
          }
        const letters = (await listDeadLetters(journal, 100)).map(readKeptDeadLetter);
        expect(letters.map(({ envelope }) => envelope.id)).toEqual(kept.map(idOf));
        expect(journal.done.filter(({ what }) => what === "send")).toHaveLength(sent);
        // Nothing else stays stored: two entries for each letter, two numbers, and a mark.
        expect(journal.values.size).toBeLessThanOrEqual(2 * kept.length + 3);
      }),
    );
  });

  test("can all be decided if they are listed, whichever release has kept them", async () => {
    const action = fc.record({
      what: fc.constantFrom("keep", "redrive", "discard"),
      n: fc.nat(4),
    });
    const actions = fc.array(action, { maxLength: 12 });
    const early = fc.array(fc.nat(4), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(early, actions, fc.boolean(), async (old, later, isRedriven) => {
        const journal = new RecordedObject("all");
        old.forEach((n, at) => keepAsFirstRelease(journal, n, at));
        for (const { what, n } of later)
          if (what === "keep") await keepDeadLetter(journal, letterOf(n));
          else
            await decideLetter(functions, journal, {
              id: idOf(n),
              at: 2_000,
              ...(what === "redrive" && { redriveAs: FLOW }),
            });
        const listed = (await listDeadLetters(journal, 100)).map(readKeptDeadLetter);
        const ids = listed.map(({ envelope }) => envelope.id);
        expect(new Set(ids).size).toBe(ids.length);
        for (const id of ids) {
          const decision = { id, at: 3_000, ...(isRedriven && { redriveAs: FLOW }) };
          expect(await decideLetter(functions, journal, decision)).toEqual({ outcome: "done" });
          expect(await decideLetter(functions, journal, decision)).toEqual({ outcome: "absent" });
        }
        expect(await listDeadLetters(journal, 100)).toEqual([]);
      }),
    );
  });

  test("of a function that is lacking are kept, and that is journaled", async () => {
    const journal = new RecordedObject("all");
    const letter = { delivery: deliveryOf(1, 1_000, "letters/gone"), failure: null };
    await keepDeadLetter(journal, JSON.stringify(letter));
    const decision = { id: idOf(1), at: 2_000, redriveAs: FLOW };
    expect(await decideLetter(functions, journal, decision)).toEqual({
      outcome: "unknown function",
      type: "letters/gone",
      operation: "call",
      isKnown: false,
    });
    expect(journal.done.map(({ what }) => what)).toEqual(["run"]);
    expect(await listDeadLetters(journal, 100)).toHaveLength(1);
  });
});

test("a message is given up after some crashes, and runs when it is sent again later", async () => {
  let runs = 0;
  const counted = fn("letters/one", () => void runs++);
  const crashes = new Map([[`${idOf(1)}-1000`, 3]]);
  const marks = {
    crashes: (key: string) => crashes.get(key) ?? 0,
    begin: () => undefined,
    end: () => undefined,
  };
  const guarded = {
    ...hosted(defineAll([counted]), 32),
    crashGuard: new CrashGuard({ marks, clock: new VirtualClock(), limit: 3 }),
  };
  const journal = new RecordedJournal();
  await new Carrier(guarded, journal).carry(deliveryOf(1));
  expect(runs).toBe(0);
  expect(journal.done.find(({ to }) => to.startsWith("app.letters"))?.input).toMatch("POISONED");
  await new Carrier(guarded, journal).carry(deliveryOf(1, 2_000));
  expect(runs).toBe(1);
});
