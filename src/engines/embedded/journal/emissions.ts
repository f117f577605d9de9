import type { Emission, Emitter, EmittingRun } from "../../../core/activation/emitter.ts";
import { MOST_EMITTED, streamTopic } from "../../../core/activation/emitter.ts";
import { encodeStreamRow } from "../../../core/engine/stream-row.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { Clock } from "../../../core/host/clock.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import type { JournalBatch, JournalDraft } from "../commit/journal-batch.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import type { Journal } from "./journal.ts";

/** Items and characters of one row. A reader has a page of rows in memory. */
const ROW = { items: 1_024, chars: 1 << 18 };

/** Collaborators of {@link Emissions}. */
export interface EmissionsParts {
  readonly clock: Clock;
  readonly lifecycle: Lifecycle;
  readonly commits: Pick<GroupCommit, "batch">;
  readonly journal: Journal;
  readonly dispatcher: Pick<Dispatcher, "wake">;
}

/** The items of one batch, and the promise that they are durable. */
interface Pending {
  readonly batch: JournalBatch;
  readonly rows: Map<string, StreamRow>;
  readonly durable: PromiseWithResolvers<void>;
  readonly runs: Map<EmittingRun, Size>;
}

/** A number of items, and of their characters. */
interface Size {
  items: number;
  chars: number;
}

/**
 * Adds the items of running handlers to their streams, the optional capability `streams`.
 *
 * EM1 An item is in the batch that gathers when it is emitted. All items of a batch share one row
 *     for each stream and run, one commit and one promise, so small items are cheap.
 * EM2 Items that are not durable yet are bounded, for each run and for the engine.
 * EM3 The items of a stream keep the order in which they were emitted.
 */
export class Emissions implements Emitter {
  readonly #parts: EmissionsParts;
  readonly #all: Size = { items: 0, chars: 0 };
  readonly #runs = new Map<EmittingRun, Size>();
  readonly #unwritten = new Set<Pending>();
  #pending: Pending | undefined;

  constructor(parts: EmissionsParts) {
    this.#parts = parts;
  }

  emit(emission: Emission): Promise<void> {
    const { lifecycle, journal, dispatcher } = this.#parts;
    lifecycle.requireNotStopped();
    this.#admit(emission);
    const pending = this.#pendingOf(journal.batch);
    this.#rowFor(pending, emission).add(emission.value);
    addForRun(pending.runs, emission.run, { items: 1, chars: emission.value.length });
    dispatcher.wake();
    return pending.durable.promise;
  }

  /** Rejects the promises of all items that are not durable. */
  rejectAll(error: unknown): void {
    for (const { durable } of this.#unwritten) durable.reject(error);
    this.#unwritten.clear();
  }

  #admit({ run, value }: Emission): void {
    const ofRun = this.#runs.get(run) ?? { items: 0, chars: 0 };
    const isFull = ({ items, chars }: Size, most: Size): boolean =>
      items >= most.items || (chars > 0 && chars + value.length > most.chars);
    if (isFull(ofRun, MOST_EMITTED.run) || isFull(this.#all, MOST_EMITTED.engine)) {
      const why = `${ofRun.items} items of this run are not durable yet`;
      throw new HandbackError("OVERLOADED", `ctx.emit: ${why}; await the promise of ctx.emit`, {
        details: { items: ofRun.items, chars: ofRun.chars },
      });
    }
    addSize(this.#all, { items: 1, chars: value.length });
    addForRun(this.#runs, run, { items: 1, chars: value.length });
  }

  #pendingOf(batch: JournalBatch): Pending {
    if (this.#pending?.batch === batch) return this.#pending;
    const durable = Promise.withResolvers<void>();
    // The promise need not be awaited.
    durable.promise.catch(() => undefined);
    const pending: Pending = { batch, rows: new Map(), durable, runs: new Map() };
    this.#unwritten.add(pending);
    this.#parts.commits.batch.afterCommit.push(() => this.#written(pending));
    return (this.#pending = pending);
  }

  /** Returns the row to add to: another run, or a full row, begins a new one. */
  #rowFor({ rows, batch }: Pending, emission: Emission): StreamRow {
    const { flow, channel, run, value } = emission;
    const key = `${flow}\0${channel}`;
    const last = rows.get(key);
    if (last?.takes(run, value.length) === true) return last;
    const row = new StreamRow(emission, this.#parts.clock.now());
    rows.set(key, row);
    batch.append(row);
    return row;
  }

  #written(pending: Pending): void {
    this.#unwritten.delete(pending);
    for (const [run, { items, chars }] of pending.runs) {
      addSize(this.#all, { items: -items, chars: -chars });
      const left = addForRun(this.#runs, run, { items: -items, chars: -chars });
      if (left.items === 0) this.#runs.delete(run);
    }
    pending.durable.resolve();
  }
}

/** The items of one run in one stream and one batch. */
class StreamRow implements JournalDraft {
  readonly flow: string;
  readonly owner: string;
  readonly topic: string;
  readonly at: number;
  readonly #run: EmittingRun;
  readonly #values: string[] = [];
  #chars = 0;

  constructor({ flow, owner, channel, run }: Emission, at: number) {
    this.flow = flow;
    this.owner = owner;
    this.topic = streamTopic(channel);
    this.at = at;
    this.#run = run;
  }

  get count(): number {
    return this.#values.length;
  }

  takes(run: EmittingRun, chars: number): boolean {
    return run === this.#run && this.count < ROW.items && this.#chars + chars <= ROW.chars;
  }

  add(value: string): void {
    this.#values.push(value);
    this.#chars += value.length;
  }

  encode(first: number): string {
    this.#run.epoch ??= first;
    return encodeStreamRow({ run: this.#run.id, epoch: this.#run.epoch, values: this.#values });
  }
}

function addSize(total: Size, { items, chars }: Size): void {
  total.items += items;
  total.chars += chars;
}

/** Adds to the total of a run, and returns it. */
function addForRun(totals: Map<EmittingRun, Size>, run: EmittingRun, size: Size): Size {
  const total = totals.get(run) ?? { items: 0, chars: 0 };
  addSize(total, size);
  totals.set(run, total);
  return total;
}
