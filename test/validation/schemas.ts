import * as v from "valibot";
import { z } from "zod";

/** An order as a caller writes it. */
export interface RawOrder {
  readonly id: string;
  readonly when: string;
  readonly lines: { item: string; count: number }[];
  readonly note?: string;
}

/** The order schema, written with Zod. */
export const zodOrder = z.object({
  id: z.string().min(1),
  when: z.iso.datetime().transform((text) => new Date(text)),
  lines: z.array(z.object({ item: z.string(), count: z.number().int().positive() })),
  note: z.string().default("none"),
});

/** The order schema, written with Valibot. */
export const valibotOrder = v.object({
  id: v.pipe(v.string(), v.minLength(1)),
  when: v.pipe(
    v.string(),
    v.isoTimestamp(),
    v.transform((text) => new Date(text)),
  ),
  lines: v.array(
    v.object({ item: v.string(), count: v.pipe(v.number(), v.integer(), v.minValue(1)) }),
  ),
  note: v.optional(v.string(), "none"),
});

/** A schema whose check takes a turn of the event loop, written with Zod. */
export const zodName = z.string().refine(async (name) => {
  await Promise.resolve();
  return name !== "taken";
}, "the name is taken");

/** The same schema, written with Valibot. */
export const valibotName = v.pipeAsync(
  v.string(),
  v.checkAsync(async (name) => {
    await Promise.resolve();
    return name !== "taken";
  }, "the name is taken"),
);

/** The state of a cart, written with Zod. */
export const zodCart = z.object({ items: z.array(z.string()), total: z.number().min(0) });

/** The state of a cart, written with Valibot. */
export const valibotCart = v.object({
  items: v.array(v.string()),
  total: v.pipe(v.number(), v.minValue(0)),
});

/** A state whose check is asynchronous, written with Zod. */
export const zodNamed = z.object({ name: zodName });

/** The same state, written with Valibot. */
export const valibotNamed = v.objectAsync({ name: valibotName });
