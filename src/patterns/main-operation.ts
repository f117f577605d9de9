import type { StatefulFunction } from "../futures/define.ts";

/**
 * Makes a stateful function that is itself one of its operations, so that `ctx.invoke(batch, ...)` is `ctx.invoke(batch.add, ...)`. Beside
 * that one it shows the `others` that are named; what is left are its own messages to itself, which are nobody else's business.
 */
export function mainOperation<Face extends StatefulFunction<unknown>>(
  face: Face,
  main: string & keyof Face,
  others: readonly (string & keyof Face)[],
): Face {
  const shown = Object.fromEntries([main, ...others].map((operation) => [operation, face[operation]]));
  const own = Object.getOwnPropertyDescriptors({ ...shown, type: face.type, operation: main });
  // An object of the operation: it is known as that, and has the others as properties.
  return Object.freeze(Object.create(face[main] as object, own)) as Face;
}
