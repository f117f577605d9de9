import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collect = globalThis.gc;

/** Collects all garbage, so that what ran before is not paid for by what is measured next. */
export function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as NonNullable<typeof globalThis.gc>;
  }
  collect();
}
