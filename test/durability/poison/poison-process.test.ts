import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
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
