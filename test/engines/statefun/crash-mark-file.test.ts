import { mkdirSync, openSync, rmdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import { silentLog } from "handback/engine";
import { expect, test } from "vitest";
import { CrashMarkFile } from "../../../src/machine/crash-mark-file.ts";
import { temporaryDirectory } from "../../stores/support/temporary-directory.ts";

/** A key whose mark makes the file large enough to be written anew. */
const LONG = "k".repeat(4_000_001);

test("a file that cannot be written anew stays in use, and closes no file of others", () => {
  const folder = temporaryDirectory();
  const path = join(folder, "crashes");
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
  const marks = new CrashMarkFile(path, log);
  marks.begin(LONG);
  marks.end(LONG);
  // The new file cannot be written while a folder has its name.
  mkdirSync(`${path}-partial`);
  marks.begin("a");
  const other = openSync(join(folder, "other"), "a");
  marks.begin("b");
  expect(writeSync(other, "x")).toBe(1);
  expect(warnings).toHaveLength(2);
  rmdirSync(`${path}-partial`);
  marks.begin("c");
  expect(warnings).toHaveLength(2);
  const next = new CrashMarkFile(path, silentLog);
  expect(["a", "b", "c"].map((key) => next.crashes(key))).toEqual([1, 1, 1]);
});
