import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { NODE_OPTIONS } from "../stores/support/node-options.ts";
import { ROOT } from "../support/source.ts";
import { MODULE } from "./open-command-line.ts";

/** The sources import `handback` by its name, as users do. */
const IMPORTS = ["--import", join(ROOT, "scripts/source-imports.ts")];
const MAIN = join(ROOT, "src/cli/main.ts");

const start = (...args: readonly string[]) =>
  spawn(process.execPath, [...NODE_OPTIONS, ...IMPORTS, MAIN, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
  });

test("a process serves a module, others call it, and a signal ends it cleanly", async () => {
  const server = start("serve", MODULE, "--in-memory", "--port", "0");
  onTestFinished(() => void server.kill("SIGKILL"));
  let printed = "";
  const [, url = ""] = await new Promise<RegExpExecArray>((resolve) => {
    server.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      printed += chunk;
      const found = /at (http:\S+), store in memory[^]*Ctrl-C/.exec(printed);
      if (found !== null) resolve(found);
    });
  });
  expect(printed).toContain("serving 8 functions");

  const call = start("call", "cli/greet", "-", "--url", url);
  call.stdin.end('"Ada"');
  const [out, [code]] = await Promise.all([text(call.stdout), once(call, "exit")]);
  expect([out, code]).toEqual(["hello Ada\n", 0]);

  server.kill("SIGTERM");
  expect(await once(server, "exit")).toEqual([0, null]);
}, 120_000);

test("a reader of the output that leaves is no error", async () => {
  const help = start("--help");
  help.stdout.destroy();
  expect(await once(help, "exit")).toEqual([0, null]);
}, 60_000);
