import { test } from "vitest";
import { readFileSync } from "node:fs";
import { naiveFlow } from "../../src/testing/flows-naive.ts";
import { splitFlow } from "../../src/testing/flows-split.ts";
import { referenceFlow } from "../../src/testing/reference.ts";
import { runFlow } from "./flow-run.ts";

test("compare", async () => {
  for (const line of readFileSync("/tmp/programs.txt", "utf8").trim().split("\n")) {
    const program = JSON.parse(line);
    console.log("PROGRAM", line);
    const show = (name: string, r: any) => console.log(name.padEnd(6), JSON.stringify({ outcome: r.outcome, took: r.tookMs, calls: r.calls.map((c: any) => `${c.leaf}@${c.atMs}#${c.attempt}`).join(" "), journals: r.journals, active: r.activeMs ?? r.bill.activeMs, blocked: r.blockedMs ?? r.bill.blockedMs, final: r.bill?.final, left: r.left }));
    show("ref", referenceFlow(program, null));
    show("split", await runFlow(splitFlow, program));
    show("naive", await runFlow(naiveFlow, program));
  }
});
