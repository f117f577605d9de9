import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test, vi } from "vitest";

const PROCESS = fileURLToPath(new URL("./broker-process.ts", import.meta.url));

async function takesConnections(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

test("a broker ends when the process that started it is killed", { timeout: 240_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "handback-broker-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  const child = spawn(process.execPath, [PROCESS, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [address] = await once(createInterface({ input: child.stdout }), "line");
  const port = Number(String(address).split(":").at(-1));
  expect(await takesConnections(port)).toBe(true);
  child.kill("SIGKILL");
  await vi.waitFor(async () => expect(await takesConnections(port)).toBe(false), 60_000);
});
