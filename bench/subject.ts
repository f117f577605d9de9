import { join } from "node:path";
import { embedded, memory, sqlite } from "../src/index.ts";
import type { Clock, Embedded, Store } from "../src/index.ts";
import { makeScratch } from "./scratch.ts";
import { WriteCounter } from "./write-counter.ts";

/** Which store the engine has: durable, or gone with the process. */
export type EngineName = "sqlite" | "memory";

/** An engine to be measured, over a store of its own. */
export interface Subject extends Embedded {
  readonly store: Store;
  readonly written: WriteCounter;
  /** The database file; there is none in memory. */
  readonly file: string;
}

/** Runs `measure` against a new engine with an empty store, and removes both. */
export async function withSubject<Result>(
  {
    engine: name,
    functions,
    clock,
  }: { readonly engine: EngineName; readonly functions: readonly object[]; readonly clock?: Clock },
  measure: (subject: Subject) => Promise<Result>,
): Promise<Result> {
  const scratch = makeScratch();
  try {
    const file = join(scratch.path, "bench.db");
    const store = name === "sqlite" ? sqlite(file) : memory();
    const written = new WriteCounter(store);
    const engine = await embedded({ functions, store, ...(clock !== undefined && { clock }) });
    try {
      return await measure({ ...engine, store, written, file });
    } finally {
      await engine.close();
    }
  } finally {
    scratch.remove();
  }
}
