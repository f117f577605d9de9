import { closeSync, openSync, writeSync } from "node:fs";
import type { Readable } from "node:stream";
import type { Entry, Noted, Said } from "./entry.ts";

/** A position in a ledger, between earlier and later entries. */
export type Mark = number;

/** Options of a ledger. */
export interface LedgerOptions {
  /** Seed of the plan of operations, which all processes of this ledger follow. */
  readonly seed: number;
  /** File for the lines, for people. Overwritten at the start. */
  readonly file: string;
}

/**
 * The record of all reports of the processes under test. It lives in a process that is never
 * killed.
 *
 * LG1 Entries are only appended, in the order of their arrival. The last reports of a process are
 * recorded before its end.
 * LG2 A line that was cut off does not count.
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

  /** All entries so far. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Returns a number for the next process. */
  nextLife(): number {
    return ++this.#lives;
  }

  /** Records an action of the driver. */
  note(life: number, noted: Noted): void {
    this.#append([{ ...noted, life, at: Date.now() }]);
  }

  /** Reads the reports of a process until its output ends. */
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
      // Data of a dead process that was not read yet is lost.
      stream.once("error", () => resolve());
    });
  }

  /** Resolves with the first later entry that matches. Never resolves once `signal` is aborted. */
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

  /** Marks the current position. */
  mark(): Mark {
    return this.#entries.length;
  }

  /**
   * Makes a ledger that continues from a store as it was at a mark or some time later. It knows the
   * later intentions, which may have happened, but no answers, so none of them must have happened.
   * It knows the seen effects, which need not be seen again.
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

  /** Closes the file. */
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

/** Keeps the parts of an entry that hold even if it came after a power cut. */
function toDoubtful(entry: Entry): readonly Entry[] {
  if (entry.what === "effect") return [{ ...entry, doubtful: true }];
  return entry.what === "intend" ||
    entry.what === "start" ||
    entry.what === "end" ||
    entry.what === "hello"
    ? [entry]
    : [];
}
