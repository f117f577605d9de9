import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collect = globalThis.gc;

/** Collects all garbage, so that what ran before is not paid for by what is measured next. */
export function collectGarbage(): void {
  collector()();
}

/** Collects all garbage, and has V8 give back the memory that it would keep for later. */
export function giveBackMemory(): void {
  collector()({ type: "major", execution: "sync", flavor: "last-resort" });
}

function collector(): NonNullable<typeof globalThis.gc> {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as NonNullable<typeof globalThis.gc>;
  }
  return collect;
}
