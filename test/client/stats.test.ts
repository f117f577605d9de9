import { createClient } from "handback/client";
import { expect, test } from "vitest";
import { openCommandLine } from "../cli/open-command-line.ts";
import { openServer } from "./open-server.ts";

test("a client and the command line show the figures of the engine", async () => {
  const handback = await openCommandLine();
  await handback("call", "cli/greet", '"Ada"');
  await handback("call", "cli/fail", '"no"');
  const { code, out } = await handback("stats", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    queued: 0,
    slots: { all: 64, taken: 0 },
    lines: { flowFailed: 1, retry: 0 },
  });
  expect((await handback("stats")).out).toMatch(
    /slots +0 of 64 taken\n(.*\n)*log lines +flowFailed 1$/,
  );
});

test("a server that does not show its figures is an error that says so", async () => {
  const { server, client } = await openServer({ operator: true, authorize: () => true });
  await expect(client.stats()).rejects.toMatchObject({ code: "UNSUPPORTED" });
  await expect(createClient(`${server.url}/flows`).stats()).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
});
