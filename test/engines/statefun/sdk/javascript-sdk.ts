import { FunctionSpec } from "apache-flink-statefun/dist/core.js";
import type { Context } from "apache-flink-statefun/dist/context.js";
import { handle } from "apache-flink-statefun/dist/handler.js";
import type { Message } from "apache-flink-statefun/dist/message.js";
import {
  egressMessageBuilder,
  kafkaEgressMessage,
  messageBuilder,
  StateFun,
} from "apache-flink-statefun";
import type { Program, Step } from "./program.ts";

const PROGRAM = StateFun.jsonType("test/program");
const RECORD = StateFun.jsonType("test/record");

/** The function that runs programs, written for the JavaScript SDK of the project. */
const runner = FunctionSpec.fromOpts({
  typename: "test/runner",
  specs: [
    { name: "count", type: StateFun.intType() },
    { name: "note", type: StateFun.stringType(), expireAfterCall: 60_000 },
  ],
  fn(context: Context, message: Message) {
    for (const step of message.as(PROGRAM) as Program) run(context, step);
  },
});

function run(context: Context, step: Step): void {
  const { storage } = context;
  const typename = "other/receiver";
  switch (step.do) {
    case "set":
      storage.count = step.n;
      break;
    case "add":
      storage.count = ((storage.count ?? 0) + step.n) | 0;
      break;
    case "note":
      storage.note = step.text;
      break;
    case "forget":
      storage.count = null;
      break;
    case "send": {
      const { id, value } = step;
      const valueType = typeof value === "boolean" ? { valueType: StateFun.booleanType() } : {};
      context.send(messageBuilder({ typename, id, value, ...valueType }));
      break;
    }
    case "later":
      context.sendAfter(step.ms, messageBuilder({ typename, id: step.id, value: step.value }));
      break;
    case "reply": {
      const { caller } = context;
      if (caller !== null)
        context.send(
          messageBuilder({ typename: caller.typename, id: caller.id, value: step.value }),
        );
      break;
    }
    case "kafka": {
      const { topic, key, value } = step;
      context.send(kafkaEgressMessage({ typename: "test/kafka", topic, key, value }));
      break;
    }
    case "emit":
      context.send(
        egressMessageBuilder({ typename: "test/out", value: step.value, valueType: RECORD }),
      );
  }
}

/** Answers requests with the JavaScript SDK. */
export async function javascriptSdk(request: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await handle(request, { "test/runner": runner }));
}
