import { HandbackError } from "handback";
import type { Log } from "handback";
import { describe, expect, test } from "vitest";
import { FillableStore } from "../support/fillable-store.ts";
import { journal, start } from "../support/started-engine.ts";

const LOCKED = () =>
  new HandbackError("STORE_BUSY", "sqlite3 (process 7) has locked the store test.db", {
    details: { path: "test.db", pid: 7 },
  });
const REFUSED = { code: "STORE_BUSY", retryable: true, details: { definite: true, pid: 7 } };
const IN_DOUBT = { code: "STORE_BUSY", retryable: true, details: { definite: false, pid: 7 } };

async function lockable() {
  const said: string[] = [];
  const say = (text: string): void => void said.push(text);
  const log: Log = { debug: say, info: say, warn: say, error: say };
  const journals = journal();
  const disk = new FillableStore(LOCKED);
  const { engine, clock } = await start({ functions: [journals], store: disk.store, log });
  const write = (line: string) => engine.client.call(journals.write, line, { id: "x", key: line });
  const lines = () => engine.client.readState(journals, "x");
  return { said, disk, engine, clock, write, lines };
}

describe("while another program has locked the store for a moment", () => {
  test("calls wait, and then succeed", async () => {
    const { said, disk, clock, write, lines } = await lockable();
    disk.isFull = true;
    const calls = [write("a"), write("b")];
    await clock.advance(3_000);
    const late = write("c");
    await clock.advance(3_000);
    disk.isFull = false;
    await clock.advance(1_000);
    expect(await Promise.all([...calls, late])).toEqual([1, 2, 3]);
    expect(await lines()).toEqual({ lines: ["a", "b", "c"] });
    expect(said).toEqual([
      expect.stringContaining("sqlite3 (process 7) has locked the store test.db"),
      expect.stringContaining("no longer locked"),
    ]);
  });

  test("the commit is tried again within a second", async () => {
    const { disk, clock, write } = await lockable();
    disk.isFull = true;
    const call = write("a");
    await clock.advance(9_000);
    disk.isFull = false;
    await clock.advance(1_000);
    expect(await call).toBe(1);
    expect(disk.tries).toBeLessThan(20);
  });
});

describe("while another program has locked the store for longer than 10 seconds", () => {
  test("calls under way learn that the outcome is unknown, and new ones are refused definitely", async () => {
    const { said, disk, clock, write, lines } = await lockable();
    disk.isFull = true;
    const call = write("a").catch((error: unknown) => error);
    await clock.advance(15_000);
    expect(await call).toMatchObject(IN_DOUBT);
    await expect(write("b")).rejects.toMatchObject(REFUSED);
    await clock.advance(600_000);
    expect(said).toEqual([
      expect.stringContaining("the engine waits until it is free"),
      expect.stringContaining("no new work is accepted"),
    ]);
    disk.isFull = false;
    await clock.advance(1_000);
    expect(await lines()).toEqual({ lines: ["a"] });
    expect(await write("a")).toBe(1);
    expect(await write("b")).toBe(2);
  });

  test("a second lock is waited for as the first one was", async () => {
    const { said, disk, clock, write } = await lockable();
    for (const line of ["a", "b"]) {
      disk.isFull = true;
      const call = write(line);
      await clock.advance(9_000);
      disk.isFull = false;
      await clock.advance(1_000);
      await call;
    }
    expect(said).toHaveLength(4);
  });
});

describe("closing while another program has locked the store", () => {
  test("waits for a few seconds, so a short lock loses nothing", async () => {
    const { disk, engine, clock, write } = await lockable();
    disk.isFull = true;
    const call = write("a").catch((error: unknown) => error);
    await clock.quiet();
    const closing = engine.close();
    await clock.advance(3_000);
    disk.isFull = false;
    await clock.until(closing);
    expect(await call).toMatchObject({ code: "CLOSED" });
    const next = await start({ functions: [journal()], store: disk.store }, clock);
    expect(await clock.until(next.engine.client.flow("a").result())).toBe(1);
  });

  test("ends after 5 seconds", async () => {
    const { disk, engine, clock, write } = await lockable();
    disk.isFull = true;
    const call = write("a").catch((error: unknown) => error);
    await clock.quiet();
    const before = clock.now();
    await clock.until(engine.close());
    expect(clock.now() - before).toBeGreaterThanOrEqual(5_000);
    expect(clock.now() - before).toBeLessThan(7_000);
    expect(await call).toMatchObject({ code: "CLOSED" });
  });
});
