import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { copySource } from "../../demo/files.ts";
import type { Entry } from "../../demo/files.ts";
import { copiesBegun, diff, newPlaces, reportOf, runDemo, signalAfter } from "./run-demo.ts";
import type { Places } from "./run-demo.ts";

const MANY = 1200;
const MINUTES = { timeout: 180_000 };

describe("a backup", () => {
  test(
    "has every file once, equal to its source, and reports a bill without waiting",
    MINUTES,
    async () => {
      const places = newPlaces();
      writeOddFolder(places.folder);
      const { stdout, stderr, code } = await runDemo(places, "--json");
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout.trim().split("\n")).toHaveLength(1);

      expect(JSON.parse(stdout)).toMatchObject({
        files: 7,
        bytes: 300_026,
        problems: [],
        bill: { billedMs: expect.any(Number), blockedMs: 0, beta: 1 },
        wallMs: expect.any(Number),
        resumed: false,
        copiesRun: 9,
      });

      expectManifestOf(places);
      expect(diff(places)).toBe("");
      expect(lstatSync(join(places.target, "run.sh")).mode & 0o777).toBe(0o755);
      expect(readdirSync(dirname(places.target)).sort()).toEqual([
        "target",
        "target.copies.log",
        "target.manifest.json",
      ]);
    },
  );

  test(
    "starts anew on the next run, and drops files that the folder has lost",
    MINUTES,
    async () => {
      const places = newPlaces();
      writeOddFolder(places.folder);
      await reportOf(places);
      for (const path of ["empty", "deep", "link", "no files"])
        rmSync(join(places.folder, path), { recursive: true });
      mkdirSync(join(places.folder, "empty"));
      writeFileSync(join(places.folder, "deep"), "now a file");
      writeFileSync(join(places.folder, "link"), "now a file, too");

      expect(await reportOf(places)).toMatchObject({
        resumed: false,
        files: 7,
        copiesRun: 7,
      });
      expectManifestOf(places);
      expect(diff(places)).toBe("");
    },
  );

  test("of an empty folder is empty", MINUTES, async () => {
    const places = newPlaces();
    mkdirSync(places.folder);
    expect(await reportOf(places)).toMatchObject({
      files: 0,
      bytes: 0,
      copiesRun: 0,
      bill: { beta: 1 },
    });
    expect(diff(places)).toBe("");
  });

  test("finishes with a single handler slot", MINUTES, async () => {
    const places = newPlaces();
    writeOddFolder(places.folder);
    expect(await reportOf(places, "--concurrency", "1")).toMatchObject({ files: 7 });
    expect(diff(places)).toBe("");
  });

  test("shows people the bill, the sums and the way to compare", MINUTES, async () => {
    const places = newPlaces();
    writeOddFolder(places.folder);
    const { stdout, code } = await runDemo(places);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^blocked time +0\.00 s$/m);
    expect(stdout).toMatch(/^billed time +\d+\.\d\d s$/m);
    expect(stdout).toMatch(/^files +7$/m);
    expect(stdout).toMatch(/^bytes +300,026$/m);
    expect(stdout).toContain(`diff -r --no-dereference ${places.folder} ${places.target}`);
  });

  test("names files that it cannot back up, and backs up the rest", MINUTES, async () => {
    const places = newPlaces();
    writeOddFolder(places.folder);
    spawnSync("mkfifo", [join(places.folder, "pipe")]);
    const { stdout, code } = await runDemo(places, "--json");
    expect(code).toBe(1);
    const problem = "it is neither a file nor a folder nor a symbolic link";
    expect(JSON.parse(stdout)).toMatchObject({ files: 7, problems: [{ path: "pipe", problem }] });
    expectManifestOf(places);
  });
});

describe("a backup that is interrupted", () => {
  test("by kill -9, repeatedly, continues and has every file once", MINUTES, async () => {
    const places = newPlaces();
    writeManyFiles(places.folder, MANY);
    for (const copies of [MANY / 4, MANY / 2]) {
      expect(await signalAfter(places, { copies, signal: "SIGKILL" })).toMatchObject({
        signal: "SIGKILL",
        stdout: "",
      });
    }
    const report = await reportOf(places);
    expect(report).toMatchObject({ files: MANY, resumed: true, bill: { blockedMs: 0, beta: 1 } });
    // Only copies that were running or not yet committed were made again.
    expect(report.copiesRun).toBe(copiesBegun(places));
    expect(report.copiesRun).toBeGreaterThanOrEqual(MANY);
    expect(report.copiesRun).toBeLessThan(MANY + 2 * 100);
    expectManifestOf(places);
    expect(diff(places)).toBe("");
  });

  test("by Ctrl-C stops cleanly, says how to continue, and continues", MINUTES, async () => {
    const places = newPlaces();
    writeManyFiles(places.folder, MANY);
    const stopped = await signalAfter(places, { copies: MANY / 4, signal: "SIGINT" });
    expect(stopped).toMatchObject({ code: 130, stdout: "" });
    expect(stopped.stderr).toContain("Run the same command again");
    // All running copies have ended and are committed.
    expect(await reportOf(places)).toMatchObject({
      resumed: true,
      files: MANY,
      copiesRun: MANY,
    });
    expect(diff(places)).toBe("");
  });
});

describe("wrong arguments", () => {
  const places = newPlaces();
  writeOddFolder(places.folder);
  const { folder } = places;

  test.each([
    [
      "a folder that is not there",
      { folder: join(folder, "nothing") },
      "no such file or directory",
    ],
    ["a file for a folder", { folder: join(folder, "empty") }, "is not a folder"],
    ["the folder as the target", { target: folder }, "must lie apart"],
    ["a target inside the folder", { target: join(folder, "deep", "in") }, "must lie apart"],
    [
      "a target inside the folder, by a link",
      { target: join(folder, "..", "way", "in") },
      "must lie apart",
    ],
    ["a target around the folder", { target: dirname(folder) }, "must lie apart"],
    [
      "a file for a target",
      { target: join(dirname(folder), "occupied", "file") },
      "not a directory",
    ],
    [
      "a target below a file",
      { target: join(dirname(folder), "occupied", "file", "in") },
      "not a directory",
    ],
    ["a target where nothing can be made", { target: "/proc/nowhere/at/all" }, "ENOENT"],
    [
      "a target that holds something else",
      { target: join(dirname(folder), "occupied") },
      "is not empty",
    ],
    ["a folder that holds the database", { store: join(folder, "demo.db") }, "must lie apart"],
    [
      "a target that holds the database",
      { store: join(places.target, "demo.db") },
      "must lie outside of the target",
    ],
  ] satisfies [string, Partial<Places>, string][])(
    "%s: one line says so, and nothing changes",
    MINUTES,
    async (_, wrong, line) => {
      mkdirSync(join(dirname(folder), "occupied"), { recursive: true });
      writeFileSync(join(dirname(folder), "occupied", "file"), "of someone");
      if (!existsSync(join(dirname(folder), "way")))
        symlinkSync(folder, join(dirname(folder), "way"));
      const before = listAll(dirname(folder));

      const { code, stdout, stderr } = await runDemo({ ...places, ...wrong }, "--json");
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(/^error: [^\n]+\n$/);
      expect(stderr).toContain(line);
      expect(listAll(dirname(folder))).toEqual(before);
    },
  );

  test.each([[["--faster"]], [["another"]], [["--store", ""]]])(
    "%j: it is wrong usage",
    MINUTES,
    async (more) => {
      const { code, stdout, stderr } = await runDemo(places, ...more);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(/^error: [^\n]+\n$/);
    },
  );
});

describe("the steps", () => {
  test("a missing file is a problem that names it, and leaves nothing in the target", async () => {
    const places = newPlaces();
    writeOddFolder(places.folder);
    mkdirSync(places.target, { recursive: true });
    expect(await copySource(places, { path: "vanished", kind: "file" }, "key")).toEqual({
      path: "vanished",
      problem: expect.stringContaining("ENOENT"),
    });
    expect(await copySource(places, { path: "deep", kind: "file" }, "key")).toEqual({
      path: "deep",
      problem: expect.stringContaining("EISDIR"),
    });
    expect(readdirSync(places.target)).toEqual([]);
  });

  test("a copy that was cut off starts again, and leaves nothing behind", async () => {
    const places = newPlaces();
    writeOddFolder(places.folder);
    mkdirSync(places.target, { recursive: true });
    writeFileSync(join(places.target, ".key.part"), "half of", { mode: 0o400 });
    expect(await copySource(places, { path: "run.sh", kind: "file" }, "key")).toMatchObject({
      path: "run.sh",
      bytes: 10,
    });
    expect(readdirSync(places.target)).toEqual(["run.sh"]);
  });
});

/** 7 files of 300,026 bytes, 2 links, 3 directories. */
function writeOddFolder(folder: string): void {
  for (const path of ["deep/er", "no files"]) mkdirSync(join(folder, path), { recursive: true });
  writeFileSync(join(folder, "empty"), "");
  writeFileSync(join(folder, "run.sh"), "#!/bin/sh\n");
  writeFileSync(join(folder, "deep", "er", "large"), Buffer.alloc(300_000, "0123456789"));
  writeFileSync(join(folder, "käse 🧀 日本.txt"), "four");
  writeFileSync(join(folder, "-r \\ 'two'\nlines"), "four");
  writeFileSync(join(folder, "__proto__"), "four");
  writeFileSync(join(folder, `${"x".repeat(251)}.txt`), "four");
  chmodSync(join(folder, "run.sh"), 0o755);
  symlinkSync("deep/er", join(folder, "link"));
  symlinkSync("nowhere", join(folder, "deep", "dangling"));
}

function writeManyFiles(folder: string, count: number): void {
  for (let index = 0; index < count; index++) {
    const directory = join(folder, `d${index % 20}`);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `${index}.txt`), `${index}\n`.repeat(index % 50));
  }
}

/** Checks that the manifest has each item of the folder once, as it is on disk. */
function expectManifestOf({ folder, target }: Places): void {
  const { entries } = JSON.parse(readFileSync(`${target}.manifest.json`, "utf8")) as {
    entries: readonly Entry[];
  };
  expect(entries.map(({ path }) => path)).toEqual(
    listAll(folder).filter((path) => path !== "pipe"),
  );
  for (const entry of entries) {
    const stats = lstatSync(join(folder, entry.path));
    expect(entry.kind).toBe(
      stats.isFile() ? "file" : stats.isDirectory() ? "directory" : "symlink",
    );
    if (entry.kind !== "file") continue;
    const content = readFileSync(join(folder, entry.path));
    expect(entry).toMatchObject({ bytes: content.length, sha256: sha256(content) });
  }
}

/** Lists all paths below a folder except the demo's database. Follows no links. */
function listAll(folder: string): string[] {
  const { stdout } = spawnSync("find", [folder, "-mindepth", "1", "-printf", "%P\\0"], {
    encoding: "utf8",
  });
  const paths = stdout.split("\0").slice(0, -1);
  return paths.filter((path) => !path.startsWith("demo.db")).sort();
}

function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
