import { text } from "node:stream/consumers";
import { Worker } from "node:worker_threads";
import { embedded, sqlite } from "../../src/index.ts";
import type { Store } from "../../src/index.ts";
import type { Orders } from "../ledger/orders.ts";
import { codeOf } from "../client/recording-client.ts";
import { writeEntry } from "../client/ledger-writer.ts";

/**
 * Tries to open the open store a second time: with the same store, with others, and in a thread.
 */
export async function intrude(
  intrusions: Orders["intrusions"],
  { store, functions }: { store: Store; functions: readonly object[] },
): Promise<void> {
  if (intrusions.length === 0) return;
  const tryTo = async (how: string, other: Store): Promise<void> => {
    const code = await embedded({ functions, store: other }).then(() => "open", codeOf);
    writeEntry({ what: "intruder", how, code });
  };
  await tryTo("the same store again", store);
  for (const { how, path } of intrusions) {
    await tryTo(`again in the process, ${how}`, sqlite(path));
    const thread = new Worker(new URL("intruder.ts", import.meta.url), {
      argv: [path],
      stdout: true,
    });
    writeEntry({
      what: "intruder",
      how: `in a thread, ${how}`,
      code: (await text(thread.stdout)).trim(),
    });
  }
}
