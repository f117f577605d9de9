import { Writable } from "node:stream";
import { embedded, fn, memory, silent } from "handback";
import type { EmbeddedOptions } from "handback";
import { pino } from "pino";
import { expect, test, vi } from "vitest";

const fails = fn("log/fails", (ctx): never => {
  ctx.log.info("a line", { step: 1 });
  ctx.log.debug("a bare line");
  throw new RangeError("no");
});

async function failWith(log: NonNullable<EmbeddedOptions["log"]>, key = "f"): Promise<void> {
  const engine = await embedded({ functions: [fails], store: memory(), log });
  await engine.client.call(fails, undefined, { key }).catch(() => undefined);
  await engine.close();
}

const FAILED = "the flow f of log/fails failed: RangeError in log/fails";

test("pino writes each line with its message and its fields", async () => {
  const written: Record<string, unknown>[] = [];
  const to = new Writable({
    write(line: Buffer, _, done) {
      written.push(JSON.parse(line.toString()) as Record<string, unknown>);
      done();
    },
  });
  await failWith(pino({ level: "debug" }, to));
  expect(written).toMatchObject([
    { level: 30, msg: "a line", step: 1 },
    { level: 20, msg: "a bare line" },
    { level: 40, msg: FAILED, flow: "f", function: "log/fails", error: "RangeError", attempt: 1 },
  ]);
});

test("a logger that takes the message first and has children gets the message first", async () => {
  const lines: unknown[][] = [];
  const level = (...line: unknown[]): void => void lines.push(line);
  const winston = { debug: level, info: level, warn: level, error: level, child: () => winston };
  await failWith(winston);
  expect(lines).toMatchObject([["a line", { step: 1 }], ["a bare line"], [FAILED, { flow: "f" }]]);
  expect(lines[1]).toHaveLength(1);
});

test("the console is a log", async () => {
  const [warn, info] = (["warn", "info"] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation(() => undefined),
  );
  const debug = vi.spyOn(console, "debug").mockImplementation(() => undefined);
  await failWith(console);
  expect(debug.mock.calls).toEqual([["a bare line"]]);
  expect(info?.mock.calls).toEqual([["a line", { step: 1 }]]);
  expect(warn?.mock.calls).toMatchObject([[FAILED, { flow: "f" }]]);
});

test("a silent engine writes nothing", async () => {
  const methods = ["debug", "info", "log", "warn", "error"] as const;
  const spies = methods.map((level) => vi.spyOn(console, level).mockClear());
  await failWith(silent);
  for (const spy of spies) expect(spy).not.toHaveBeenCalled();
});

test("the console shows the fields of a line whose key looks like a directive", async () => {
  const warn = vi.spyOn(console, "warn").mockClear();
  warn.mockImplementation(() => undefined);
  const engine = await embedded({ functions: [fails], store: memory() });
  await engine.client.call(fails, undefined, { key: "50%o-%s" }).catch(() => undefined);
  await engine.close();
  const { format } = await import("node:util");
  const [line] = warn.mock.calls;
  expect(format(...(line ?? []))).toMatch(
    /^handback: the flow 50%o-%s of log\/fails failed: .* \{/,
  );
});
