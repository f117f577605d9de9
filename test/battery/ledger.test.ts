import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import type { Said } from "../../battery/ledger/entry.ts";
import { Ledger } from "../../battery/ledger/ledger.ts";
import { unfinishedBusiness } from "../../battery/ledger/orders.ts";
import { temporaryDirectory } from "../stores/support/temporary-directory.ts";

function newLedger(name = "ledger.jsonl"): Ledger {
  const ledger = new Ledger({ seed: 1, file: join(temporaryDirectory(), name) });
  onTestFinished(() => ledger.close());
  return ledger;
}

/** Hears a process that reports these entries and dies. */
async function hear(ledger: Ledger, ...said: readonly (Said | string)[]): Promise<void> {
  const life = ledger.nextLife();
  const stream = new PassThrough();
  const heard = ledger.hear(life, stream);
  for (const each of said)
    stream.write(typeof each === "string" ? each : `${JSON.stringify({ ...each, at: 1 })}\n`);
  stream.end();
  await heard;
  ledger.note(life, { what: "end", code: null, signal: "SIGKILL" });
}

const intend = (request: number, op: number, step = "start"): Said => ({
  what: "intend",
  request,
  op,
  step,
});
const ack = (request: number): Said => ({ what: "ack", request });

test("the words of a process are kept in order, in memory and in the file, without a line that was cut off", async () => {
  const ledger = newLedger();
  await hear(ledger, intend(0, 0), `{"what":"ack","req`, `uest":0,"at":1}\n{"what":"ack","requ`);
  await hear(ledger, { what: "open" });
  expect(ledger.entries.map(({ life, what }) => [life, what])).toEqual([
    [1, "intend"],
    [1, "ack"],
    [1, "end"],
    [2, "open"],
    [2, "end"],
  ]);
  const lines = readFileSync(ledger.file, "utf8").trim().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(ledger.entries);
});

test("the first matching entry is returned, unless the wait was aborted", async () => {
  const ledger = newLedger();
  const over = new AbortController();
  const told: string[] = [];
  const first = ledger.when(({ what }) => what === "ack");
  void ledger.when(({ what }) => what === "ack", over.signal).then(() => told.push("in vain"));
  over.abort();
  await hear(ledger, intend(0, 0), ack(0), ack(1));
  expect(await first).toMatchObject({ what: "ack", request: 0 });
  expect(told).toEqual([]);
});

test("after a cut, the ledger knows the later intentions and the seen effects, but not the outcomes", async () => {
  const ledger = newLedger();
  await hear(ledger, intend(0, 0), ack(0));
  const mark = ledger.mark();
  await hear(
    ledger,
    intend(0, 1),
    ack(0),
    { what: "effect", op: 1, part: "p", key: "k" },
    { what: "result", op: 1, outcome: { status: "completed", value: 1 } },
  );
  const survivor = ledger.cut(mark, join(temporaryDirectory(), "survivor.jsonl"));
  onTestFinished(() => survivor.close());
  expect(survivor.entries.map(({ what }) => what)).toEqual([
    "intend",
    "ack",
    "end",
    "intend",
    "effect",
    "end",
  ]);
  expect(survivor.entries[4]).toMatchObject({ op: 1, doubtful: true });
  expect(survivor.nextLife()).toBe(3);
});

test("open work is all work that began and has not ended, with the known result of each step", async () => {
  const ledger = newLedger();
  await hear(
    ledger,
    intend(0, 0),
    ack(0),
    { what: "result", op: 0, outcome: { status: "completed", value: 1 } },
    intend(1, 1),
    ack(1),
    intend(2, 1, "settle"),
    intend(3, 2),
    { what: "refused", request: 3, code: "CLOSED" },
    intend(4, 3),
    intend(5, 4),
    { what: "absent", op: 4 },
  );
  // A rejection does not cover another attempt that was never answered.
  await hear(ledger, intend(0, 3), { what: "refused", request: 0, code: "STORE_FULL" });
  expect(unfinishedBusiness(ledger.entries)).toEqual({
    next: 5,
    open: [
      { op: 1, steps: { start: "acknowledged", settle: "tried" } },
      { op: 2, steps: { start: "refused" } },
      { op: 3, steps: { start: "tried" } },
    ],
  });
});
