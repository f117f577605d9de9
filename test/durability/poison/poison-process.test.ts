import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { embedded, fn, HandbackError, sqlite } from "handback";
import type { Embedded } from "handback";
import { expect, onTestFinished, test } from "vitest";
import { NODE_OPTIONS } from "../../stores/support/node-options.ts";
import { temporaryDirectory } from "../../stores/support/temporary-directory.ts";

const PROGRAM = new URL("poison-child.ts", import.meta.url).pathname;

interface Said {
  readonly results: Readonly<Record<string, unknown>>;
  readonly letters: readonly object[];
  readonly left: number;
}

/** Runs the program and returns its output, or `undefined` if it crashed first. */
async function run(path: string, how: string): Promise<Said | undefined> {
  const child = spawn(process.execPath, [...NODE_OPTIONS, PROGRAM, path, how], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [said] = await Promise.all([text(child.stdout), once(child, "exit")]);
  return said === "" ? undefined : (JSON.parse(said) as Said);
}

/** Makes a store with a held message, whose flow has the key `poison`, and returns its path. */
async function storeOfHeld(): Promise<string> {
  const path = join(temporaryDirectory(), "s.db");
  while ((await run(path, "is killed")) === undefined);
  return path;
}

test("a held message in a file is redriven, discarded or canceled after another start", async () => {
  const path = await storeOfHeld();
  const poison = fn("poison/eat", (_, dose: number) => dose);
  const takes = {
    redrive: (engine: Embedded, id: string) => engine.redrive(id),
    discard: (engine: Embedded, id: string) => engine.discard(id),
    cancel: ({ client }: Embedded) => client.cancel("poison"),
  };
  const outcomes = { redrive: 7, discard: "POISONED", cancel: "CANCELLED" };
  for (const name of ["redrive", "discard", "cancel"] as const) {
    const copy = join(temporaryDirectory(), "s.db");
    copyFileSync(path, copy);
    const engine = await embedded({ functions: [poison], store: sqlite(copy) });
    const [letter] = engine.deadLetters();
    expect(letter).toMatchObject({ isHeld: true, input: 7 });
    await takes[name](engine, letter?.id ?? "");
    const outcome = await engine.client
      .flow("poison")
      .result()
      .catch((error: unknown) => HandbackError.is(error) && error.code);
    expect(outcome).toBe(outcomes[name]);
    const left = engine.deadLetters().map(({ isHeld }) => isHeld);
    expect(left).toEqual(name === "cancel" ? [false] : []);
    await engine.close();
    const database = new DatabaseSync(copy);
    expect(database.prepare("SELECT * FROM watch").all()).toEqual([]);
    database.close();
  }
}, 120_000);

test.each(["is killed", "exits", "throws an uncaught error"])(
  "a process that %s each time it handles one message survives without it after its first start and five more, and does all other work",
  async (how) => {
    const path = join(temporaryDirectory(), "s.db");
    let starts = 1;
    let said = await run(path, how);
    for (; said === undefined && starts < 10; starts++) said = await run(path, how);
    // Of an unknown message, of a group of messages, and three times of the one alone.
    expect(starts - 1).toBe(1 + 1 + 3);
    const { poison, ...others } = said?.results ?? {};
    expect(poison).toBe("held");
    expect(Object.values(others)).toEqual(Array.from({ length: 60 }, () => 1));
    const letter = {
      id: expect.stringMatching(/^[0-9a-f]{40}$/) as unknown,
      input: 7,
      code: "POISONED",
      crashes: 3,
    };
    expect(said?.letters).toEqual([letter]);

    const mended = await run(path, "mended");
    expect(mended).toMatchObject({ letters: [letter], results: { poison: 7 }, left: 0 });
    expect(await run(path, "mended")).toMatchObject({
      letters: [],
      left: 0,
      results: { poison: 7, i0: 1 },
    });
  },
  60_000,
);
