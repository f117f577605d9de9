import type { HistoryEntry } from "handback";
import { expect } from "vitest";
import { flows } from "../../../src/testing/flows/flows.ts";
import { naiveFlow } from "../../../src/testing/flows/naive.ts";
import { referenceFlow } from "../../../src/testing/flows/reference.ts";
import { splitFlow } from "../../../src/testing/flows/split.ts";
import { runFlow } from "../support/flow-run.ts";
import { law } from "../support/law.ts";

type Ran = Extract<HistoryEntry, { readonly type: "ran" }>;

const ranOf = (entries: readonly HistoryEntry[]): readonly Ran[] =>
  entries.flatMap((entry) => (entry.type === "ran" ? [entry] : []));

law(
  "the runs in a history add up to the bill of the flow",
  [flows()],
  async (program) => {
    for (const build of [splitFlow, naiveFlow]) {
      let runs: readonly Ran[] = [];
      const onHistory = (entries: readonly HistoryEntry[]): void => void (runs = ranOf(entries));
      const { bill } = await runFlow(build, program, { onHistory });
      const sumMs = (of: "billedNs" | "blockedNs"): number =>
        runs.reduce((sum, run) => sum + run[of], 0) / 1e6;
      expect({
        runs: runs.length,
        billedMs: sumMs("billedNs"),
        blockedMs: sumMs("blockedNs"),
      }).toEqual({ runs: bill.runs, billedMs: bill.billedMs, blockedMs: bill.blockedMs });
    }
  },
  { runs: 100 },
);

law(
  "the runs of leaves in a history are those of the reference: instants and attempts",
  [flows({ without: ["race", "any", "timeout"] })],
  async (program) => {
    let entries: readonly HistoryEntry[] = [];
    await runFlow(splitFlow, program, { onHistory: (read) => void (entries = read) });
    const startedAt = entries[0]?.at ?? 0;
    const { calls } = referenceFlow(program, null);
    const leaves = ranOf(entries)
      .filter((run) => run.function.endsWith("/leaf"))
      .map(({ attempt, beganAt }) => `${beganAt - startedAt} ${attempt}`);
    const expected = calls.map(({ attempt, atMs }) => `${atMs} ${attempt}`);
    expect(leaves.toSorted()).toEqual(expected.toSorted());
  },
  { runs: 100 },
);
