/**
 * A process that stores numbers, several at a time, and reads them: `app.ts <path> <options of
 * sqlite()> work|read`.
 *
 * It prints a JSON line before each attempt and after each answer or, with `read`, the stored
 * numbers.
 */
import { setImmediate, setTimeout } from "node:timers/promises";
import { embedded, HandbackError, sqlite, stateful, value } from "../../../src/index.ts";
import type { SqliteOptions } from "../../../src/stores/sqlite/sqlite.ts";
import { codeOf, isIndefinite } from "../../client/recording-client.ts";
import { writeLine } from "../../client/ledger-writer.ts";
import type { Line } from "./survival.ts";

const CALLERS = Array.from({ length: 20 }, (_, caller) => caller);
const NUMBERS_A_PAGE = 100;
const BETWEEN_NOTES_MS = 10;
const BETWEEN_READS_MS = 10;
const REFUSED_MS = 20;

const notes = stateful("noting/notes", {
  state: { numbers: value<number[]>([]) },
  handlers: {
    add(ctx, number: number) {
      ctx.state.numbers.push(number);
    },
  },
});

const [path = "", options = "{}", mode = "work"] = process.argv.slice(2);
const store = sqlite(path, JSON.parse(options) as SqliteOptions);
const engine = await embedded({ functions: [notes], store });
const { client } = engine;
await (mode === "work" ? work() : tell());

async function work(): Promise<void> {
  say({ what: "open" });
  let next = 0;
  const call = async (caller: number): Promise<void> => {
    for (let noted = 0; ; noted++) {
      await note(next++, pageOf(caller, Math.floor(noted / NUMBERS_A_PAGE)));
      await setTimeout(BETWEEN_NOTES_MS);
    }
  };
  await Promise.all([...CALLERS.map(call), readOn()]);
}

async function note(number: number, id: string): Promise<void> {
  say({ what: "intend", number });
  try {
    await client.call(notes.add, number, { id });
    say({ what: "ack", number });
  } catch (error) {
    if (codeOf(error) === "STORE_FAILED") throw error;
    if (!isIndefinite(error)) say({ what: "refused", number, code: codeOf(error) });
    await setTimeout(REFUSED_MS);
  }
}

async function readOn(): Promise<never> {
  for (;;) {
    await setTimeout(BETWEEN_READS_MS);
    const code = await client.readState(notes, pageOf(0, 0)).then(() => undefined, codeOf);
    say({ what: "read", ...(code !== undefined && code !== "NOT_FOUND" && { code }) });
  }
}

/** Handle accepted messages first. */
async function tell(): Promise<void> {
  while (store.count().messages > 0) await setImmediate();
  writeLine((await Promise.all(CALLERS.map(numbersOf))).flat());
  await engine.close();
}

async function numbersOf(caller: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (let page = 0; ; page++) {
    const state = await client.readState(notes, pageOf(caller, page)).catch(orIfNone);
    if (state === undefined) return found;
    found.push(...state.numbers);
  }
}

function orIfNone(error: unknown): undefined {
  if (!HandbackError.is(error, "NOT_FOUND")) throw error;
}

function pageOf(caller: number, page: number): string {
  return `caller ${caller}, page ${page}`;
}

function say(line: Line): void {
  writeLine(line);
}
