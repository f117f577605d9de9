import { embedded, sqlite, memory } from "../../src/index.ts";
import type { Client, Store, Clock, Embedded, EmbeddedOptions } from "../../src/index.ts";
import { encodeBatch } from "../../src/stores/sqlite/tables/batch-codec.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made = new Set<string>();

/** Makes a directory for databases. It is deleted by `remove`, or at the end of the process. */
export function makeScratch(): { readonly path: string; remove(): void } {
  removeAtExit();
  const path = mkdtempSync(join(tmpdir(), "handback-bench-"));
  made.add(path);
  return { path, remove: () => remove(path) };
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
  made.delete(path);
}

let watching = false;

function removeAtExit(): void {
  if (watching) return;
  watching = true;
  process.on("exit", () => {
    for (const path of made) remove(path);
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => process.exit(130));
}

/**
 * Runs `work` against an engine over the store in `file`, which is made if it is missing, and kept.
 */
export async function withStore<Result>(
  file: string,
  functions: readonly object[],
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const engine = await embedded({ functions, store: sqlite(file) });
  try {
    return await work(engine.client);
  } finally {
    await engine.close();
  }
}

type Batch = Parameters<Store["commit"]>[0];

/**
 * Commits that are all sampled at first, then one in `SAMPLE`, so that sampling does not slow down
 * the measurement.
 */
const WEIGHED = 32;
/** A prime, so that alternating commits are all sampled. */
const SAMPLE = 17;

/** Counts the bytes that an engine writes. Attach it before the store is opened. */
export class WriteCounter {
  commits = 0;
  #ended = 0;
  #first = 0;
  #sampled = { commits: 0, bytes: 0 };

  constructor(store: Store) {
    const commit = store.commit.bind(store);
    // Replaces one method of the store, so that all other methods cost the same.
    store.commit = async (batch) => {
      this.#weigh(this.commits++, batch);
      try {
        await commit(batch);
      } finally {
        this.#ended++;
      }
    };
  }

  /**
   * Characters of text in inserted and replaced rows, estimated from a sample of the commits. In
   * ASCII these are bytes. Deletes, indexes and pages come on top.
   */
  get bytes(): number {
    const { commits, bytes } = this.#sampled;
    return this.#first + (commits === 0 ? 0 : (bytes / commits) * (this.commits - WEIGHED));
  }

  #weigh(nth: number, batch: Batch): void {
    if (nth < WEIGHED) this.#first += bytesOf(batch);
    else if (nth % SAMPLE === 0)
      this.#sampled = {
        commits: this.#sampled.commits + 1,
        bytes: this.#sampled.bytes + bytesOf(batch),
      };
  }

  get isCommitting(): boolean {
    return this.commits > this.#ended;
  }
}

function bytesOf(batch: Batch): number {
  return encodeBatch(batch).chunks.reduce((bytes, { length }) => bytes + length, 0);
}

/** The store of the engine: durable, or gone with the process. */
export type EngineName = "sqlite" | "memory";

/** An engine under measurement, with its own store. */
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
    options = {},
  }: {
    readonly engine: EngineName;
    readonly functions: readonly object[];
    readonly clock?: Clock;
    /** Other options of the engine. */
    readonly options?: Partial<EmbeddedOptions>;
  },
  measure: (subject: Subject) => Promise<Result>,
): Promise<Result> {
  const scratch = makeScratch();
  try {
    const file = join(scratch.path, "bench.db");
    const store = name === "sqlite" ? sqlite(file) : memory();
    const written = new WriteCounter(store);
    const engine = await embedded({
      ...options,
      functions,
      store,
      ...(clock !== undefined && { clock }),
    });
    try {
      return await measure({ ...engine, store, written, file });
    } finally {
      await engine.close();
    }
  } finally {
    scratch.remove();
  }
}
