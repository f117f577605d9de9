import { restate } from "handback/restate";
import { afterEach, expect, test } from "vitest";
import { Deployments } from "./support/deployments.ts";
import { LedgerLoad } from "./support/ledger-load.ts";
import { ledger } from "./support/ledger-functions.ts";
import { RestateCluster } from "./support/restate-cluster.ts";
import { JOURNAL_MISMATCH } from "./support/restate-server.ts";

/** Number of clusters whose nodes fail, one after the other. */
const ROUNDS = Number(process.env["RESTATE_NODE_ROUNDS"] ?? 1);
/** Calls that end while a node is gone, and again once it is back. */
const PROGRESS = ROUNDS > 1 ? 200 : 16;
const [NODES, CALLERS] = [3, 12];

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** Starts a cluster that has the functions of the ledger, and a client for each node. */
async function start() {
  const cluster = await RestateCluster.start(NODES);
  closing.push(() => cluster.stop());
  const deployments = await Deployments.serve(cluster);
  closing.push(() => deployments.close());
  const engines = cluster.ingress.map((_, at) =>
    restate({
      functions: [ledger.add],
      application: "ledger",
      // Each client begins with another node.
      ingress: [...cluster.ingress.slice(at), ...cluster.ingress.slice(0, at)],
      attemptTimeout: "2s",
    }),
  );
  closing.push(() => engines.forEach((engine) => engine.close()));
  const [first] = engines;
  if (first !== undefined) await deployments.add("ledger", first.handler);
  return { cluster, clients: engines.map(({ client }) => client) };
}

/** Lets a node fail. Returns the function with which it comes back. */
type Fault = (cluster: RestateCluster, index: number) => Promise<() => Promise<void>>;

const killed: Fault = async ({ nodes }, index) => {
  await nodes[index]?.kill();
  return async () => nodes[index]?.restart();
};

const frozen: Fault = async ({ nodes }, index) => {
  nodes[index]?.freeze();
  return async () => nodes[index]?.thaw();
};

const replaced: Fault = async (cluster, index) => {
  await cluster.nodes[index]?.kill();
  return () => cluster.replace(index);
};

const FAULTS: readonly (readonly [event: string, fault: Fault])[] = [
  ["killed", killed],
  ["frozen", frozen],
  ["replaced by one with an empty disk", replaced],
];

test.for(Array.from({ length: ROUNDS }, (_, round) => [round + 1]))(
  "additions count once while nodes of three are killed, frozen and replaced: round %i",
  { timeout: 900_000 },
  async ([round = 1]) => {
    const { cluster, clients } = await start();
    const load = new LedgerLoad(`r${round}-`, clients, CALLERS);
    await load.progress(PROGRESS);
    for (const [index, [event, fault]] of FAULTS.entries()) {
      const since = performance.now();
      const comeBack = await fault(cluster, (index + round) % NODES);
      await load.progress(PROGRESS);
      await comeBack();
      await load.progress(PROGRESS);
      const gap = load.longestGap(since).toFixed(1);
      process.stdout.write(`a node is ${event}: the longest time without a call is ${gap} s\n`);
    }
    const { expected, found } = await load.end();
    expect(found).toEqual(expected);
    expect(cluster.log()).not.toMatch(JOURNAL_MISMATCH);
    process.stdout.write(`${load.calls} calls on three nodes, and the ledger is exact\n`);
  },
);
