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
import { copySource } from "../../demo/copy.ts";
import type { Entry, Manifest } from "../../demo/manifest.ts";
import { verifyCopy } from "../../demo/verify.ts";
import { copiesBegun, diff, newPlaces, reportOf, runDemo, signalAfter } from "./run-demo.ts";
import type { Places } from "./run-demo.ts";

const MANY = 1200;
const MINUTES = { timeout: 180_000 };

describe("a backup", () => {
  test("has every file once, equal to its source, and reports both bills", MINUTES, async () => {
    const places = newPlaces();
    writeOddFolder(places.folder);
    const { stdout, stderr, code } = await runDemo(places, "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.trim().split("\n")).toHaveLength(1);

    const report = JSON.parse(stdout) as Record<string, unknown>;
    const bill = {
      billedMs: expect.any(Number),
      activeMs: expect.any(Number),
      blockedMs: expect.any(Number),
      beta: expect.any(Number),
    };
    expect(report).toEqual({
      files: 7,
      bytes: 300_026,
      manifest: `${places.target}.manifest.json`,
      wallMs: expect.any(Number),
      split: { ...bill, blockedMs: 0, beta: 1 },
      naive: bill,
      resumed: false,
      copiesRun: 9,
    });
    const naive = report["naive"] as {
      billedMs: number;
      activeMs: number;
      blockedMs: number;
      beta: number;
    };
    expect(naive.blockedMs).toBeGreaterThan(0);
    expect(naive.beta).toBeCloseTo(naive.billedMs / naive.activeMs, 9);

    expectManifestOf(places);
    expect(diff(places)).toBe("");
    expect(lstatSync(join(places.target, "run.sh")).mode & 0o777).toBe(0o755);
    expect(readdirSync(dirname(places.target)).sort()).toEqual([
      "target",
      "target.copies.log",
      "target.manifest.json",
    ]);
  });

  test(
    "starts anew on the next run, and drops files that the folder has lost",
    MINUTES,
    async () => {
      const places = newPlaces();
      writeOddFolder(places.folder);
      await reportOf(places, "--no-naive");
      for (const path of ["empty", "deep", "link", "no files"])
        rmSync(join(places.folder, path), { recursive: true });
      mkdirSync(join(places.folder, "empty"));
      writeFileSync(join(places.folder, "deep"), "now a file");
      writeFileSync(join(places.folder, "link"), "now a file, too");

      expect(await reportOf(places, "--no-naive")).toMatchObject({
        resumed: false,
        naive: null,
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
      split: { beta: 1 },
    });
    expect(diff(places)).toBe("");
  });

  test("finishes with a single handler slot", MINUTES, async () => {
    const places = newPlaces();
    writeOddFolder(places.folder);
    expect(await reportOf(places, "--concurrency", "1")).toMatchObject({ files: 7, naive: null });
    expect(diff(places)).toBe("");
  });

  test("shows people the two bills, blocked time first, in 80 columns", MINUTES, async () => {
    const places = newPlaces();
    writeOddFolder(places.folder);
    const { stdout, code } = await runDemo(places);
    expect(code).toBe(0);
    const table = stdout.split("\n").filter((line) => /^[│┌├└]/.test(line));
    expect(Math.max(...table.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(table.map((line) => line.split("│")[1]?.trim())).toEqual([
      undefined,
      "",
      undefined,
      "blocked time",
      "active time",
      "billed time = blocked + active",
      "beta = billed / active",
      "wall time",
      "files",
      "bytes",
      undefined,
    ]);
  });

  test("names files that it cannot back up, and backs up the rest", MINUTES, async () => {
    const places = newPlaces();
    writeOddFolder(places.folder);
    spawnSync("mkfifo", [join(places.folder, "pipe")]);
    const { stdout, stderr, code } = await runDemo(places, "--json", "--no-naive");
    expect(code).toBe(1);
    expect(stderr).toContain("pipe: it is neither a file nor a folder nor a symbolic link");
    expect(JSON.parse(stdout)).toMatchObject({ files: 7 });
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
    expect(
      await signalAfter(places, { copies: MANY / 3, signal: "SIGKILL", naive: true }),
    ).toMatchObject({ signal: "SIGKILL" });
    expect(existsSync(`${places.target}.naive`)).toBe(true);

    const report = await reportOf(places);
    expect(report).toMatchObject({ files: MANY, resumed: true, split: { blockedMs: 0, beta: 1 } });
    expect(report.naive?.blockedMs).toBeGreaterThan(0);
    // What was running or not yet committed was copied again; the rest was not.
    expect(report.copiesRun).toBe(copiesBegun(places));
    expect(report.copiesRun).toBeGreaterThanOrEqual(MANY);
    expect(report.copiesRun).toBeLessThan(MANY + 2 * 100);
    expectManifestOf(places);
    expect(diff(places)).toBe("");
    expect(existsSync(`${places.target}.naive`)).toBe(false);
  });

  test("by Ctrl-C stops cleanly, says how to continue, and continues", MINUTES, async () => {
    const places = newPlaces();
    writeManyFiles(places.folder, MANY);
    const stopped = await signalAfter(places, { copies: MANY / 4, signal: "SIGINT" });
    expect(stopped).toMatchObject({ code: 130, stdout: "" });
    expect(stopped.stderr).toContain("Run the same command again");
    // All that was running has ended and is committed.
    expect(await reportOf(places, "--no-naive")).toMatchObject({
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
    ["the folder as the target", { target: folder }, "is the folder itself"],
    [
      "a target inside the folder",
      { target: join(folder, "deep", "in") },
      "lies inside the folder",
    ],
    [
      "a target inside the folder, by a link",
      { target: join(folder, "..", "way", "in") },
      "lies inside the folder",
    ],
    ["a target around the folder", { target: dirname(folder) }, "lies inside the target"],
    [
      "a target whose naive twin is the folder",
      { folder: `${folder}.naive`, target: folder },
      "is the folder itself",
    ],
    [
      "a file for a target",
      { target: join(dirname(folder), "occupied", "file") },
      "cannot write to",
    ],
    [
      "a target below a file",
      { target: join(dirname(folder), "occupied", "file", "in") },
      "cannot write to",
    ],
    ["a target where nothing can be made", { target: "/proc/nowhere/at/all" }, "cannot write to"],
    [
      "a target that holds something else",
      { target: join(dirname(folder), "occupied") },
      "is not empty",
    ],
    [
      "a folder that holds the database",
      { store: join(folder, "demo.db") },
      "holds the demo's own database",
    ],
    [
      "a target that holds the database",
      { store: join(places.target, "demo.db") },
      "lies in the target",
    ],
  ] satisfies [string, Partial<Places>, string][])(
    "%s: one line says so, and nothing changes",
    MINUTES,
    async (_, wrong, line) => {
      mkdirSync(join(dirname(folder), "occupied"), { recursive: true });
      mkdirSync(`${folder}.naive`, { recursive: true });
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

  test.each([
    [["--concurrency", "0"]],
    [["--concurrency", "many"]],
    [["--faster"]],
    [["another"]],
    [["--store", ""]],
  ])("%j: it is wrong usage", MINUTES, async (more) => {
    const { code, stdout, stderr } = await runDemo(places, ...more);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
  });
});

describe("the steps", () => {
  test("a missing file is a problem that names it, and leaves nothing in the target", async () => {
    const places = newPlaces();
    writeOddFolder(places.folder);
    mkdirSync(places.target, { recursive: true });
    expect(await copySource(places, { path: "vanished", kind: "file" }, "key")).toEqual({
      path: "vanished",
      problem: "no such file or directory (ENOENT)",
    });
    expect(await copySource(places, { path: "deep", kind: "file" }, "key")).toEqual({
      path: "deep",
      problem: "it is no longer a file",
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

  test.each<[string, Entry, string]>([
    [
      "other content of the same size",
      { path: "run.sh", kind: "file", bytes: 10, sha256: "0".repeat(64) },
      "its copy has other content",
    ],
    [
      "another size",
      { path: "run.sh", kind: "file", bytes: 11, sha256: sha256(Buffer.from("#!/bin/sh\n")) },
      "its copy has other content",
    ],
    [
      "no copy",
      { path: "gone", kind: "file", bytes: 0, sha256: sha256(Buffer.from("")) },
      "its copy cannot be read: no such file or directory (ENOENT)",
    ],
    [
      "a folder for a file",
      { path: "deep", kind: "file", bytes: 0, sha256: "" },
      "its copy is not a file",
    ],
    [
      "a link that leads elsewhere",
      { path: "link", kind: "symlink", to: "there" },
      "its copy leads elsewhere",
    ],
    ["a file for a folder", { path: "run.sh", kind: "directory" }, "its copy is not a folder"],
  ])("verification finds %s", async (_, entry, problem) => {
    const { folder } = newPlaces();
    writeOddFolder(folder);
    expect(await verifyCopy({ folder, target: folder }, entry)).toEqual({
      path: entry.path,
      problem,
    });
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

/** Checks that the manifest has each thing in the folder once, with what it is in truth. */
function expectManifestOf({ folder, target }: Places): void {
  const { entries } = JSON.parse(readFileSync(`${target}.manifest.json`, "utf8")) as Manifest;
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

/** All paths below a folder but for the demo's database, following no links. */
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
