import type { Capability, Engine } from "../../../core/engine/engine.ts";
import type { JournalQuery, JournalReader, JournalRow } from "../../../core/engine/journal.ts";
import { HandbackError } from "../../../core/errors/errors.ts";

/** Rows of a page. A reader holds one page in memory. */
const PAGE = 16;

/** Rows of the journal to follow. */
export interface Followed {
  readonly query: Pick<JournalQuery, "flow" | "topic" | "after">;
  readonly signal: AbortSignal | undefined;
  /**
   * Tells whether no more rows can come. It is asked before the rows are read, so that none is
   * missed.
   */
  readonly isOver: () => Promise<boolean>;
  /** Ends, without more rows, when it resolves; a rejection ends the reading with its error. */
  readonly ended: Promise<unknown>;
}

const HOW_TO = "; the option `history: true` of the embedded engine turns it on";

/** Returns the journal of an engine with a capability. @throws `UNSUPPORTED` */
export function requireJournal(
  engine: Engine,
  capability: Extract<Capability, "streams" | "history">,
  what: string,
): JournalReader {
  if (engine.capabilities.has(capability) && engine.journal !== undefined) return engine.journal;
  const why = `this engine has no ${capability}${capability === "history" ? HOW_TO : ""}`;
  throw new HandbackError("UNSUPPORTED", `${what}: ${why}`);
}

/**
 * Reads the rows of a query, and waits for more of them until it is over.
 *
 * RJ1 Each row after `after` is read once, in order, however slowly: nothing is kept for a reader
 *     but its place.
 */
export async function* followJournal(
  journal: JournalReader,
  { query, signal, isOver, ended }: Followed,
): AsyncGenerator<JournalRow, void, void> {
  const news = new News(signal);
  const stop = journal.watch(query.flow, () => news.tell());
  ended.then(
    () => news.tell(),
    (error: unknown) => news.fail(error),
  );
  try {
    let { after } = query;
    for (;;) {
      news.check();
      const isLast = await isOver();
      for (let rows = journal.read({ ...query, after, limit: PAGE }); rows.length > 0;) {
        for (const row of rows) {
          after = row.position;
          yield row;
          signal?.throwIfAborted();
        }
        if (rows.length === PAGE) await journal.nextTurn();
        rows = journal.read({ ...query, after, limit: PAGE });
      }
      if (isLast) return;
      await news.next();
    }
  } finally {
    stop();
    news.end();
  }
}

/** Wakes a reader when there may be more rows. A call before it waits counts, too. */
class News {
  readonly #signal: AbortSignal | undefined;
  #isThere = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;
  readonly #abort = (): void => this.tell();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    signal?.addEventListener("abort", this.#abort);
  }

  tell(): void {
    this.#isThere = true;
    this.#wake();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.tell();
  }

  end(): void {
    this.#signal?.removeEventListener("abort", this.#abort);
  }

  /** @throws the reason of the abort, or why the engine has stopped */
  check(): void {
    this.#isThere = false;
    this.#signal?.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Waits for news. */
  async next(): Promise<void> {
    if (this.#isThere) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
  }
}
