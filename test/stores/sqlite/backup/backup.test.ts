import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { embedded, fn, memory, sqlite, stateful, value } from "handback";
import type { Embedded } from "handback";
import { describe, expect, onTestFinished, test } from "vitest";
import { NODE_OPTIONS } from "../../support/node-options.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const counter = stateful("backup/counter", {
  state: { n: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.n += n) },
});
const greet = fn("backup/greet", (_, name: string) => `hello ${name}`);
const ask = fn("backup/ask", (ctx) => ctx.event<string>("answer"));
const functions = [counter, greet, ask];

async function open(path: string): Promise<Embedded> {
  const engine = await embedded({ functions, store: sqlite(path) });
  onTestFinished(() => engine.close());
  return engine;
}

const add = (engine: Embedded) => engine.client.call(counter.add, 1, { id: "x" });
const failed = (reason: string) => ({
  code: "BACKUP_FAILED",
  message: expect.stringContaining(reason) as string,
});

describe("a backup", () => {
  test("opens elsewhere and continues with the work that was in it", async () => {
    const directory = temporaryDirectory();
    const backup = join(directory, "backup.db");
    const engine = await open(join(directory, "s.db"));
    await add(engine);
    await engine.client.start(ask, undefined, { key: "asked" });
    await engine.backup(backup);
    await add(engine);
    expect(statSync(backup).mode & 0o077).toBe(0);
    expect(readdirSync(directory).filter((name) => name.startsWith("backup"))).toEqual([
      "backup.db",
    ]);

    const copy = await open(backup);
    expect(await copy.client.readState(counter, "x")).toEqual({ n: 1 });
    await copy.client.signal("asked", "answer", "yes");
    expect(await copy.client.flow("asked").result()).toBe("yes");
    expect(await add(copy)).toBe(2);
    // The original is as it was.
    expect(await engine.client.readState(counter, "x")).toEqual({ n: 2 });
    expect((await engine.client.status("asked")).status).toBe("pending");
  });

  test("does not give out the ids of the original again", async () => {
    const directory = temporaryDirectory();
    const engine = await open(join(directory, "s.db"));
    await engine.backup(join(directory, "backup.db"));
    await engine.close();
    const [original, copy] = [
      await open(join(directory, "s.db")),
      await open(join(directory, "backup.db")),
    ];
    const started = async ({ client }: Embedded) => (await client.start(greet, "Ada")).id;
    expect(await started(copy)).not.toBe(await started(original));
  });

  test("made during load has every call that was answered before it began, and is whole", async () => {
    const directory = temporaryDirectory();
    const engine = await open(join(directory, "s.db"));
    let answered = 0;
    const over = new AbortController();
    const load = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (!over.signal.aborted) {
          await add(engine);
          answered++;
        }
      }),
    );
    for (const name of ["first.db", "second.db", "third.db"]) {
      const before = answered;
      await engine.backup(join(directory, name));
      const copy = await open(join(directory, name));
      const { n } = await copy.client.readState(counter, "x").catch(() => ({ n: 0 }));
      expect(n).toBeGreaterThanOrEqual(before);
      await copy.close();
    }
    over.abort();
    await load;
    expect(await engine.client.readState(counter, "x")).toEqual({ n: answered });
  });

  test("of a store in memory is UNSUPPORTED", async () => {
    const engine = await embedded({ functions, store: memory() });
    onTestFinished(() => engine.close());
    await expect(engine.backup("backup.db")).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });

  test("of a closed engine is CLOSED", async () => {
    const directory = temporaryDirectory();
    const engine = await open(join(directory, "s.db"));
    await engine.close();
    await expect(engine.backup(join(directory, "b.db"))).rejects.toMatchObject({ code: "CLOSED" });
  });

  test("that is being written is waited for by close", async () => {
    const directory = temporaryDirectory();
    const engine = await open(join(directory, "s.db"));
    await add(engine);
    const backup = engine.backup(join(directory, "backup.db"));
    await engine.close();
    await backup;
    expect(readdirSync(directory).sort()).toEqual(["backup.db", "s.db", "s.db-lock"]);
    const copy = await open(join(directory, "backup.db"));
    expect(await copy.client.readState(counter, "x")).toEqual({ n: 1 });
  });
});

describe("the path of a backup", () => {
  test.each<unknown>(["", "a\0b", 5, undefined, null, {}])("%j is refused", async (path) => {
    const engine = await open(join(temporaryDirectory(), "s.db"));
    await expect(engine.backup(path as string)).rejects.toMatchObject({ code: "INVALID_OPTIONS" });
    await expect(
      engine.backup("b.db", { overwrite: path as boolean, more: 1 } as object),
    ).rejects.toMatchObject({ code: "INVALID_OPTIONS" });
  });

  test("may not exist, unless overwrite is set", async () => {
    const directory = temporaryDirectory();
    const backup = join(directory, "backup.db");
    const engine = await open(join(directory, "s.db"));
    writeFileSync(backup, "precious");
    await expect(engine.backup(backup)).rejects.toMatchObject(failed("exists"));
    expect(readFileSync(backup, "utf8")).toBe("precious");
    await engine.backup(backup, { overwrite: true });
    await add(engine);
    await engine.backup(backup, { overwrite: true });
    const copy = await open(backup);
    expect(await copy.client.readState(counter, "x")).toEqual({ n: 1 });
  });

  test("may not be taken meanwhile: of two backups to one path, the second one fails", async () => {
    const directory = temporaryDirectory();
    const backup = join(directory, "backup.db");
    const engine = await open(join(directory, "s.db"));
    const [one, other] = await Promise.allSettled([engine.backup(backup), engine.backup(backup)]);
    expect(one.status).toBe("fulfilled");
    expect(other).toMatchObject({ status: "rejected", reason: failed("exists") });
  });

  test("may not be a directory, be in a missing directory, or be a file of the store", async () => {
    const directory = temporaryDirectory();
    const path = join(directory, "s.db");
    const engine = await open(path);
    mkdirSync(join(directory, "folder"));
    symlinkSync(directory, join(directory, "link"));
    const overwrite = { overwrite: true };
    for (const [to, reason] of [
      [join(directory, "folder"), "not a plain file"],
      [join(directory, "missing", "b.db"), "ENOENT"],
      [path, "file of the store"],
      [`${path}-wal`, "file of the store"],
      [`${path}-wal-link`, "file of the store"],
      [join(directory, "link", "s.db"), "file of the store"],
    ] as const)
      await expect(engine.backup(to, overwrite)).rejects.toMatchObject(failed(reason));
    expect(await add(engine)).toBe(1);
    expect(existsSync(join(directory, "missing"))).toBe(false);
  });

  test("may not lie beside the log of another store", async () => {
    const directory = temporaryDirectory();
    const engine = await open(join(directory, "s.db"));
    writeFileSync(join(directory, "b.db-wal"), "the log of a deleted store");
    await expect(engine.backup(join(directory, "b.db"))).rejects.toMatchObject(failed("b.db-wal"));
  });
});

const PROGRAM = (path: string): string => `
  const { embedded, sqlite, stateful, value } = await import(${JSON.stringify(
    new URL("../../../../src/index.ts", import.meta.url).href,
  )});
  const counter = stateful("backup/counter", {
    state: { n: value(0), text: value("") },
    handlers: { add: (ctx, n) => { ctx.state.text = "x".repeat(100_000); return (ctx.state.n += n); } },
  });
  const engine = await embedded({ functions: [counter], store: sqlite(${JSON.stringify(path)}) });
  for (let n = 0; n < 40; n++) await engine.client.call(counter.add, 1, { id: "x" + n });
  console.log("ready");
  for (let n = 0; ; n++) await engine.backup(${JSON.stringify(path)} + "-backup" + n);
`;

test("a process that is killed during a backup leaves complete backups only", async () => {
  for (const delayMs of [0, 20, 60]) {
    const directory = temporaryDirectory();
    const args = [...NODE_OPTIONS, "--input-type=module", "-e", PROGRAM(join(directory, "s.db"))];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    await once(child.stdout, "data");
    await new Promise((resolve) => void setTimeout(resolve, delayMs));
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
    const backups = readdirSync(directory).filter((name) => /-backup\d+$/.test(name));
    for (const name of ["s.db", ...backups.slice(-2)]) {
      const copy = await open(join(directory, name));
      expect(await copy.client.readState(counter, "x39")).toMatchObject({ n: 1 });
      await copy.close();
    }
    // The next backup replaces the incomplete file.
    const engine = await open(join(directory, "s.db"));
    const next = join(directory, `s.db-backup${backups.length}`);
    await engine.backup(next);
    expect(existsSync(`${next}-partial`)).toBe(false);
  }
});
