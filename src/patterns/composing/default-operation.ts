import type { StatefulFn } from "../../futures/types/function.ts";

/** What a stateful function that is one of its operations is, beside being that. */
type Beside<Face> = Omit<Face, keyof StatefulFn<never, unknown>> & { readonly type: string };

/**
 * Makes a stateful function that is itself one of its operations, so that `ctx.invoke(batch, ...)` is `ctx.invoke(batch.add, ...)`. Beside
 * that one it shows the `others` that are named; what is left are its own messages to itself, which are nobody else's business.
 */
export function defaultOperation<Face extends StatefulFn<never, unknown>>(
  parts: Beside<Face>,
  main: string & keyof Beside<Face>,
  others: readonly (string & keyof Beside<Face>)[],
): Face {
  const entries = [main, ...others].map((operation): readonly [string, unknown] => [
    operation,
    parts[operation],
  ]);
  const shown = Object.fromEntries(entries);
  const own = Object.getOwnPropertyDescriptors({ ...shown, type: parts.type, operation: main });
  // An object of the operation: it is known as that, and has the others as properties.
  return Object.freeze(Object.create(parts[main] as object, own)) as Face;
}
