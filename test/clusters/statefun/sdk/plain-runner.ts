import { create } from "@bufbuild/protobuf";
import { BoolValueSchema, Int32ValueSchema, StringValueSchema } from "@bufbuild/protobuf/wkt";
import type { Int32Value, StringValue } from "@bufbuild/protobuf/wkt";
import { stateful, value } from "handback";
import type { Context, MessageOf } from "handback";
import { kafkaRecord, kinesisRecord, requestReply, typed } from "handback/statefun";
import type { Step } from "../../../engines/statefun/sdk/program.ts";
import { boolValue, bytesValue, int32Value, stringValue } from "./plain-effects.ts";

/** A step of a program, also of one that sends a record to Kinesis. */
export type PlainStep =
  | Step
  | {
      readonly do: "kinesis";
      readonly stream: string;
      readonly key: string;
      readonly value: string;
    };

const TARGET = "other/receiver";
const number = (value: number): Int32Value => create(Int32ValueSchema, { value });
const text = (value: string): StringValue => create(StringValueSchema, { value });
/** The SDK puts the bytes of a Protobuf message into a record. */
const recordValue = (value: string): Uint8Array => stringValue.encode(text(value));

const accepts = {
  [stringValue.typename]: stringValue,
  [bytesValue.typename]: bytesValue,
  [int32Value.typename]: int32Value,
};

interface State {
  count?: Int32Value | undefined;
  note?: StringValue | undefined;
}

/** The function `test/runner` of `python_sdk_2.py`, written for this library. */
const runner = stateful("test/runner", {
  state: {
    count: value<Int32Value>(undefined, { type: int32Value }),
    note: value<StringValue>(undefined, { type: stringValue }),
  },
  accepts,
  handlers: {
    receive(ctx, { value: { value } }: MessageOf<typeof accepts>) {
      if (typeof value === "number")
        ctx.send(TARGET, `${ctx.self.type} ${ctx.self.id}`, typed(int32Value, number(value)));
      else for (const step of stepsOf(value)) run(ctx, step);
    },
  },
});

function stepsOf(program: string | Uint8Array): readonly PlainStep[] {
  const json = typeof program === "string" ? program : new TextDecoder().decode(program);
  return JSON.parse(json) as readonly PlainStep[];
}

function run(ctx: Context<State>, step: PlainStep): void {
  const { state } = ctx;
  switch (step.do) {
    case "set":
      state.count = number(step.n);
      break;
    case "add":
      state.count = number(((state.count?.value ?? 0) + step.n) | 0);
      break;
    case "note":
      state.note = text(step.text);
      break;
    case "forget":
      delete state.count;
      break;
    case "send":
      ctx.send(TARGET, step.id, messageOf(step.value));
      break;
    case "later":
      ctx.send(TARGET, step.id, messageOf(step.value), { delay: step.ms });
      break;
    case "reply":
      ctx.reply(messageOf(step.value));
      break;
    case "kafka": {
      const { topic, key } = step;
      ctx.egress("test/kafka", typed(kafkaRecord, { topic, key, value: recordValue(step.value) }));
      break;
    }
    case "kinesis": {
      const record = {
        stream: step.stream,
        partitionKey: step.key,
        value: recordValue(step.value),
      };
      ctx.egress("test/kinesis", typed(kinesisRecord, record));
      break;
    }
    case "emit":
      ctx.egress("test/out", messageOf(JSON.stringify(step.value)));
  }
}

function messageOf(value: string | number | boolean): object {
  if (typeof value === "string") return typed(stringValue, text(value));
  if (typeof value === "number") return typed(int32Value, number(value));
  return typed(boolValue, create(BoolValueSchema, { value }));
}

/** Time stands still, so that delays are the ones that programs ask for. */
const clock = { now: () => 0, monotonicNs: () => 0, setTimer: () => () => undefined };

/** Answers requests with this library. */
export const oursInPlain = requestReply({
  functions: [runner],
  clock,
  types: [boolValue],
  remotes: ["other/receiver", "test/caller"],
  egresses: ["test/kafka", "test/kinesis", "test/out"],
}).handle;
