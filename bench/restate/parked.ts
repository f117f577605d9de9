import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "../../src/futures/client/client.ts";
import type { RestateServer } from "../../test/clusters/restate/support/restate-server.ts";
import { measured } from "./functions.ts";
import { memoryOf } from "./processes.ts";

/** Flows that are started at the same time. */
const AT_ONCE = 32;

/** Memory of flows that wait, in bytes a flow, and the invocations that are open meanwhile. */
export interface Parked {
  readonly appBytes: number;
  readonly serverBytes: number;
  readonly openInvocations: number;
}

/** Parks flows that wait for an event, and measures what they hold. */
export async function park(
  client: Client,
  server: RestateServer,
  { flows, app }: { readonly flows: number; readonly app: number },
): Promise<Parked> {
  const serverPid = server.pid ?? 0;
  await startAll(client, flows / 10, "warm");
  await settled(server);
  const before = [memoryOf(app), memoryOf(serverPid)] as const;
  await startAll(client, flows, "parked");
  const openInvocations = await settled(server);
  return {
    appBytes: (memoryOf(app) - before[0]) / flows,
    serverBytes: (memoryOf(serverPid) - before[1]) / flows,
    openInvocations,
  };
}

async function startAll(client: Client, flows: number, name: string): Promise<void> {
  let next = 0;
  const start = async (): Promise<void> => {
    for (let n = next++; n < flows; n = next++)
      await client.start(measured.parked, undefined, { key: `${name}-${n}` });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, start));
}

/** Waits until the number of open invocations stays the same, and returns it. */
async function settled(server: RestateServer): Promise<number> {
  for (let last = Number.NaN; ;) {
    const [row] = await server.query(
      "select count(*) as number from sys_invocation where status <> 'completed'",
    );
    const open = Number(row?.["number"] ?? 0);
    if (open === last) return open;
    last = open;
    await pause(1_000);
  }
}
