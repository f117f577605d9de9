import type { StatefulFn } from "../../futures/types/function.ts";

/** The properties of a stateful function besides those of its default operation. */
type OtherProperties<Face> = Omit<Face, keyof StatefulFn<never, unknown>> & {
  readonly type: string;
};

/**
 * Makes a stateful function with a default operation: `ctx.invoke(batch, ...)` means
 * `ctx.invoke(batch.add, ...)`. It shows this operation and the `others`. The remaining operations
 * are private: only the function itself sends them.
 */
export function defaultOperation<Face extends StatefulFn<never, unknown>>(
  parts: OtherProperties<Face>,
  main: string & keyof OtherProperties<Face>,
  others: readonly (string & keyof OtherProperties<Face>)[],
): Face {
  const entries = [main, ...others].map((operation): readonly [string, unknown] => [
    operation,
    parts[operation],
  ]);
  const shown = Object.fromEntries(entries);
  const own = Object.getOwnPropertyDescriptors({ ...shown, type: parts.type, operation: main });
  // The operation is its prototype, so it is that operation and has the others as properties.
  return Object.freeze(Object.create(parts[main] as object, own)) as Face;
}
