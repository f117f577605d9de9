import type { Store } from "../src/index.ts";

type Batch = Parameters<Store["commit"]>[0];

/** Counts what an engine has written. Watches a store from before it is opened. */
export class WriteCounter {
  commits = 0;
  /** Characters of text in rows that were inserted or replaced; in ASCII, bytes. Deletes, indexes and pages come on top. */
  bytes = 0;
  #ended = 0;

  constructor(store: Store) {
    const commit = store.commit.bind(store);
    // In place of the store's own method: whatever else a store can do costs what it costs without a counter.
    store.commit = async (batch) => {
      this.commits++;
      this.bytes += bytesOf(batch);
      try {
        await commit(batch);
      } finally {
        this.#ended++;
      }
    };
  }

  get isCommitting(): boolean {
    return this.commits > this.#ended;
  }
}

function bytesOf({ inserted, state, dead }: Batch): number {
  let bytes = 0;
  for (const { id, head, payload, token } of inserted) bytes += id.length + head.length + payload.length + (token?.length ?? 0);
  for (const { address, name, text } of state)
    bytes += text === null ? 0 : address.type.length + address.id.length + name.length + text.length;
  for (const { id, head, payload, failure } of dead) bytes += id.length + head.length + payload.length + failure.length;
  return bytes;
}
