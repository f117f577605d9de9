import { embedded, sqlite } from "../src/index.ts";
import type { Client } from "../src/index.ts";

/** Runs `work` against an engine over the store in `file`, which is made if it is missing, and stays. */
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
