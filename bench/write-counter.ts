import { encodeBatch } from "../src/stores/sqlite/batch/batch-codec.ts";
import type { Store } from "../src/index.ts";

type Batch = Parameters<Store["commit"]>[0];

/** So many commits are all weighed, then one of `SAMPLE`, so that weighing does not slow down what is measured. */
const WEIGHED = 32;
/** A prime: commits that take turns are all met. */
const SAMPLE = 17;

/** Counts what an engine has written. Watches a store from before it is opened. */
export class WriteCounter {
  commits = 0;
  #ended = 0;
  #first = 0;
  #sampled = { commits: 0, bytes: 0 };

  constructor(store: Store) {
    const commit = store.commit.bind(store);
    // In place of the store's own method: whatever else a store can do costs what it costs without a counter.
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
   * Characters of text in rows that were inserted or replaced, reckoned from a sample of the commits; in ASCII, bytes. Deletes, indexes
   * and pages come on top.
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
