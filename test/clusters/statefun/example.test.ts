import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const SCRIPT = fileURLToPath(new URL("../../../scripts/example-cluster.ts", import.meta.url));
const NAMES = ["Ada", "Bob", "Cem", "Dana"];

test("the example ends each visit once, although the cluster is killed while they wait", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT], { timeout: 200_000 });
  const [begun, ...said] = stdout.trim().split("\n");
  expect(begun).toBe("4 visits have begun, and the cluster is killed.");
  const visits = said.map((line) => /^Hello, (\w+)\. You are guest (\d)\.$/.exec(line));
  expect(visits.map((visit) => visit?.[1])).toEqual(NAMES);
  expect(new Set(visits.map((visit) => visit?.[2]))).toEqual(new Set(["1", "2", "3", "4"]));
}, 210_000);
