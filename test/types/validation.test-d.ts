// What `fn` and `stateful` infer from the schemas of Zod and Valibot. Checked by tsc; never run.
/* oxlint-disable -- wrong programs, on purpose */
import { embedded, fn, memory, stateful, value } from "handback";
import type { Fn, Named } from "handback";
import * as v from "valibot";
import { z } from "zod";
import { expectType } from "./expect.ts";

const zodDay = z.object({
  day: z.string().transform((text) => new Date(text)),
  note: z.string().default("none"),
});
const valibotDay = v.object({
  day: v.pipe(
    v.string(),
    v.transform((text) => new Date(text)),
  ),
  note: v.optional(v.string(), "none"),
});
type Raw = { day: string; note?: string | undefined };

// The handler gets the output of the schema, and callers pass its input.
const zodFn = fn("t/zod", { input: zodDay }, (_ctx, input) => {
  expectType<{ day: Date; note: string }>()(input);
  return input.day.getTime();
});
expectType<Fn<Raw, number> & Named<"t/zod">>()(zodFn);
const valibotFn = fn("t/valibot", { input: valibotDay }, (_ctx, input) => {
  expectType<{ day: Date; note: string }>()(input);
  return input.day.getTime();
});
expectType<Fn<Raw, number> & Named<"t/valibot">>()(valibotFn);

// An annotation of the handler's input has to fit the schema's output.
fn("t/annotated", { input: zodDay }, (_ctx, input: { day: Date }) => input.day);
// @ts-expect-error the schema makes a Date
fn("t/wrong", { input: zodDay }, (_ctx, input: { day: string }) => input.day);
// @ts-expect-error the schema makes a Date
fn("t/wrong", { input: valibotDay }, (_ctx, input: { day: string }) => input.day);

const engine = await embedded({ functions: [zodFn, valibotFn], store: memory() });
expectType<Promise<number>>()(engine.client.call(zodFn, { day: "2030-01-01" }));
expectType<Promise<number>>()(engine.client.call(valibotFn, { day: "2030-01-01" }));
// @ts-expect-error callers pass text
engine.client.call(zodFn, { day: new Date(0) });
// @ts-expect-error callers pass text
engine.client.call(valibotFn, { day: new Date(0) });

// A future may take the place of any part of the raw input.
const text = fn("t/text", () => "2030-01-01");
fn("t/future", (ctx) => ctx.invoke(zodFn, { day: ctx.invoke(text, undefined) }));
const number = fn("t/number", () => 1);
// @ts-expect-error a future of a number is no future of text
fn("t/wrong", (ctx) => ctx.invoke(zodFn, { day: ctx.invoke(number, undefined) }));

// A state schema has to make the state that the values declare.
const zodCount = z.object({ count: z.number() });
const valibotCount = v.object({ count: v.number() });
const handlers = { read: () => 1 };
stateful("t/zod-state", { state: { count: value(0) }, schema: zodCount, handlers });
stateful("t/valibot-state", { state: { count: value(0) }, schema: valibotCount, handlers });
// @ts-expect-error the state is text, the schema makes a number
stateful("t/wrong", { state: { count: value("") }, schema: zodCount, handlers });
// @ts-expect-error the state is text, the schema makes a number
stateful("t/wrong", { state: { count: value("") }, schema: valibotCount, handlers });
