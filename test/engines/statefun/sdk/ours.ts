import { stateful, value } from "handback";
import type { Context } from "handback";
import { bool, int, json, kafkaRecord, requestReply, string, typed } from "handback/statefun";
import { PROGRAM } from "./program.ts";
import type { Step } from "./program.ts";

const RECORD = json<unknown>("test/record");
const utf8 = new TextEncoder();

interface State {
  count?: number | undefined;
  note?: string | undefined;
}

/** The function that runs programs, written for this library. */
const runner = stateful("test/runner", {
  state: {
    count: value<number>(undefined, { type: int }),
    note: value<string>(undefined, { type: string, expireAfterCall: "1m" }),
  },
  accepts: { "test/program": PROGRAM },
  handlers: {
    receive(ctx, message: { readonly type: string; readonly value: readonly Step[] }) {
      for (const step of message.value) run(ctx, step);
    },
  },
});

function run(ctx: Context<State>, step: Step): void {
  const { state } = ctx;
  switch (step.do) {
    case "set":
      state.count = step.n;
      break;
    case "add":
      state.count = ((state.count ?? 0) + step.n) | 0;
      break;
    case "note":
      state.note = step.text;
      break;
    case "forget":
      delete state.count;
      break;
    case "send":
      ctx.send("other/receiver", step.id, messageOf(step.value));
      break;
    case "later":
      ctx.send("other/receiver", step.id, typed(string, step.value), { delay: step.ms });
      break;
    case "reply":
      ctx.reply(typed(string, step.value));
      break;
    case "kafka": {
      const record = { topic: step.topic, key: step.key, value: utf8.encode(step.value) };
      ctx.egress("test/kafka", typed(kafkaRecord, record));
      break;
    }
    case "emit":
      ctx.egress("test/out", typed(RECORD, step.value));
  }
}

function messageOf(value: string | number | boolean): object {
  if (typeof value === "string") return typed(string, value);
  return typeof value === "number" ? typed(int, value) : typed(bool, value);
}

/** Time stands still, so that delays are those that the programs ask for. */
const clock = { now: () => 0, monotonicNs: () => 0, setTimer: () => () => undefined };

/** Answers requests with this library. */
export const ours = requestReply({
  functions: [runner],
  clock,
  remotes: ["other/receiver", "test/caller"],
  egresses: ["test/kafka", "test/out"],
}).handle;
