import { closeSync, openSync, writeSync } from "node:fs";
import type { Readable } from "node:stream";
import type { Entry, Noted, Said } from "./entry.ts";

/** A place in a ledger: what was heard before it, and what after. */
export type Mark = number;

/** What a ledger is made with. */
export interface LedgerOptions {
  /** Of the plan of operations, which all processes that this ledger hears follow. */
  readonly seed: number;
  /** Where the lines are kept, for people; made anew. */
  readonly file: string;
}

/**
 * The record of what the processes under test said, one after the other. It lives in a process that is never killed.
 *
 * LG1 Only appended to, in the order in which it was heard; what a process said before it died is heard before its end is noted.
 * LG2 A line that was cut off was not said.
 */
export class Ledger {
  readonly seed: number;
  readonly file: string;
  readonly #entries: Entry[] = [];
  readonly #watchers = new Set<(entry: Entry) => void>();
  readonly #descriptor: number;
  #lives = 0;

  constructor({ seed, file }: LedgerOptions) {
    this.seed = seed;
    this.file = file;
    this.#descriptor = openSync(file, "w");
  }

  /** All that was heard so far. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** A number for a process that is about to be started. */
  nextLife(): number {
    return ++this.#lives;
  }

  /** Notes what the driver does. */
  note(life: number, noted: Noted): void {
    this.#append([{ ...noted, life, at: Date.now() }]);
  }

  /** Listens to a process until it has no more to say. */
  async hear(life: number, stream: Readable): Promise<void> {
    let rest = "";
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.#append(
        lines.map((line) => ({ life, ...(JSON.parse(line) as Said & { readonly at: number }) })),
      );
    });
    await new Promise<void>((resolve) => {
      stream.once("close", resolve);
      // Of a process that is gone there is nothing to be had but what was read.
      stream.once("error", () => resolve());
    });
  }

  /** Resolves with the first entry from now on that is so; never, once `signal` is aborted. */
  when(isSo: (entry: Entry) => boolean, signal?: AbortSignal): Promise<Entry> {
    return new Promise((resolve) => {
      const watcher = (entry: Entry): void => {
        if (!isSo(entry)) return;
        this.#watchers.delete(watcher);
        resolve(entry);
      };
      this.#watchers.add(watcher);
      signal?.addEventListener("abort", () => this.#watchers.delete(watcher));
    });
  }

  /** Marks what has been heard up to now. */
  mark(): Mark {
    return this.#entries.length;
  }

  /**
   * A ledger that goes on from a store as it was at a mark or some time later: it knows what was intended since, so that it may be there,
   * but no answers, so that nothing of it must be; and of effects that they were seen, so that they need not be seen again.
   */
  cut(mark: Mark, file: string): Ledger {
    const survivor = new Ledger({ seed: this.seed, file });
    survivor.#lives = this.#lives;
    survivor.#append([
      ...this.#entries.slice(0, mark),
      ...this.#entries.slice(mark).flatMap(toDoubtful),
    ]);
    return survivor;
  }

  /** Gives the file back. */
  close(): void {
    closeSync(this.#descriptor);
  }

  #append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#entries.push(entry);
      for (const watcher of this.#watchers) watcher(entry);
    }
    writeSync(this.#descriptor, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
  }
}

/** What is left of an entry of which it is not known whether it came before or after a power cut. */
function toDoubtful(entry: Entry): readonly Entry[] {
  if (entry.what === "effect") return [{ ...entry, doubtful: true }];
  return entry.what === "intend" ||
    entry.what === "start" ||
    entry.what === "end" ||
    entry.what === "hello"
    ? [entry]
    : [];
}
