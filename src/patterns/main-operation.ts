import type { StatefulFunction } from "../futures/define.ts";
import { attachSpec, specOf } from "../futures/spec.ts";

/**
 * Makes a stateful function that is itself one of its operations, so that `ctx.invoke(batch, ...)` is `ctx.invoke(batch.add, ...)`. Beside
 * that one it shows the `others` that are named; what is left are its own messages to itself, which are nobody else's business.
 */
export function mainOperation<Face extends StatefulFunction<unknown>>(
  face: Face,
  main: string & keyof Face,
  others: readonly (string & keyof Face)[],
): Face {
  const spec = specOf(face);
  if (spec === undefined) throw new TypeError("expected what stateful() gave");
  const shown = Object.fromEntries([main, ...others].map((operation) => [operation, face[operation]]));
  return Object.freeze(attachSpec({ ...shown, type: face.type, operation: main }, spec)) as unknown as Face;
}
