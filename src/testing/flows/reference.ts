import { compareText } from "../../core/data/ordered-set.ts";
import { messageOf } from "../../core/errors/thrown.ts";
import type { FlowOutcome } from "./outcome.ts";
import { LEAF_ATTEMPTS, playLeaf } from "./program.ts";
import type { FlowLeaf, FlowProgram, FlowValue, FlowWait, LeafFunction } from "./program.ts";

/**
 * Computes the outcome of a program without an engine: step by step, one after the other, with time
 * as a number.
 *
 * It shares only the behavior of leaves with the engine, and is short enough to be checked by
 * reading:
 *
 * RF1 A step is played from an instant on. It returns when and how it ended.
 * RF2 Steps that run at the same time are played one after the other, each from the same instant.
 * RF3 A cancelled step is played again, up to the instant of its cancellation. Work that would
 * begin later does not begin.
 * RF4 Recovery from a cancellation begins once all handlers of the cancelled step have ended, and
 * those of recoveries inside it.
 * RF5 Unawaited work of a step that has settled continues until a step around it is cancelled.
 */

/** The expected outcome of a program. Times are in ms from its start. */
export interface FlowExpectation {
  readonly outcome: FlowOutcome;
  readonly tookMs: number;
  /** Every attempt of every leaf, ordered by time. */
  readonly calls: readonly FlowCall[];
  /** The final content of the journals. */
  readonly journals: Readonly<Record<string, readonly number[]>>;
  /** Total working time of the leaves. The split build is billed exactly this. */
  readonly activeMs: number;
  /**
   * Total time for which the handlers of the naive build are blocked: each one as long as its step
   * takes.
   */
  readonly blockedMs: number;
  /** True if the outcome is certain: no two events that affect each other share an instant. */
  readonly certain: boolean;
}

/** One attempt of a leaf. */
export interface FlowCall {
  readonly leaf: number;
  readonly input: FlowValue;
  readonly attempt: number;
  readonly atMs: number;
}

/** Traces that steps leave as they are played. */
interface Log {
  readonly calls: FlowCall[];
  readonly notes: { readonly journal: string; readonly index: number; readonly at: number }[];
  /** Instants shared by two events that affect each other. */
  readonly ties: Set<number>;
  activeMs: number;
  blockedMs: number;
}

/** The instants at which a step begins and at which it is cancelled (`Infinity`: never). */
interface Span {
  readonly at: number;
  readonly until: number;
}

/** The instant at which a step ended, and its outcome. */
type Ended = {
  readonly at: number;
  readonly outcome: FlowOutcome | "cancelled";
  /** The instant at which the last handler of a cancelled step ended. Default: `at`. */
  readonly quietAt?: number;
};
type Play = (part: FlowProgram, input: FlowValue, span: Span) => Ended;

/**
 * Computes the outcome of a program with an input. `leaf` produces the outcome of a leaf after its
 * work.
 */
export function referenceFlow(
  program: FlowProgram,
  input: FlowValue,
  leaf: LeafFunction = playLeaf,
): FlowExpectation {
  const log = newLog();
  const { at, outcome } = new Reference(log, leaf).play(program, input, { at: 0, until: Infinity });
  if (outcome === "cancelled") throw new Error("the whole program is never cancelled");
  const notes = log.notes.toSorted((a, b) => a.at - b.at);
  const isOrdered = new Set(notes.map((note) => note.at)).size === notes.length;
  return {
    outcome,
    tookMs: at,
    calls: inOrder(log.calls),
    journals: Object.fromEntries(
      [...new Set(notes.map(({ journal }) => journal))].map((journal) => [
        journal,
        notes.filter((note) => note.journal === journal).map(({ index }) => index),
      ]),
    ),
    activeMs: log.activeMs,
    // A handler also calls a single leaf, and blocks on it.
    blockedMs: log.blockedMs + (program.kind === "leaf" ? at : 0),
    certain: isOrdered && log.ties.size === 0,
  };
}

class Reference {
  readonly #log: Log;
  readonly #leaf: LeafFunction;

  constructor(log: Log, leaf: LeafFunction) {
    this.#log = log;
    this.#leaf = leaf;
  }

  readonly play: Play = (program, input, span) => {
    const ended = this.#step(program, input, span);
    if (program.kind !== "leaf") this.#log.blockedMs += ended.at - span.at;
    return ended;
  };

  #step(program: FlowProgram, input: FlowValue, span: Span): Ended {
    const all = (parts: readonly FlowProgram[]): Ended[] =>
      parts.map((part) => this.play(part, input, span));
    switch (program.kind) {
      case "leaf":
        return this.#work(program, input, span);
      case "note":
        return this.#note(program, input, span);
      case "sleep":
        return this.#by(span.at + program.ms, { value: input }, span);
      case "sequence":
        return after(this.play(program.first, input, span), (value, at) =>
          this.play(program.second, value, { ...span, at }),
        );
      case "depends":
        return after(this.#list(all(program.parts), span), (value, at) =>
          this.play(program.next, value, { ...span, at }),
        );
      case "parallel":
      case "value":
        return this.#list(all(program.parts), span);
      case "allSettled":
        return this.#settlements(all(program.parts), span);
      case "race":
        return this.#firstOf(program.parts, input, span, () => true);
      case "any":
        return this.#firstOf(program.parts, input, span, (ended) => isFulfilled(ended));
      case "wait":
        return this.#wait(program, all(program.parts), span);
      case "loop":
        return this.#loop(program, input, span);
      case "timeout":
        return this.#timeout(program, input, span);
      case "settled":
        return settled(this.play(program.part, input, span));
      case "recover":
        return this.#recover(program, input, span);
      case "nested":
        return this.play(program.part, input, span);
      case "handle":
        return this.play(program.part, input, span);
      case "twice":
        return after(this.play(program.part, input, span), (value, at) => ({
          at,
          outcome: { value: [value, value] },
        }));
    }
  }

  #loop(
    { body, times }: { body: FlowProgram; times: number },
    input: FlowValue,
    span: Span,
  ): Ended {
    let ended: Ended = { at: span.at, outcome: { value: input } };
    for (let time = 0; time < times; time++)
      ended = after(ended, (value, at) => this.play(body, value, { ...span, at }));
    return ended;
  }

  #recover(
    { part, otherwise }: { part: FlowProgram; otherwise: FlowProgram },
    input: FlowValue,
    span: Span,
  ): Ended {
    const ended = this.play(part, input, span);
    if (isFulfilled(ended)) return ended;
    // Recovery handles a cancellation like a failure, and cannot be cancelled itself.
    const again =
      ended.outcome === "cancelled"
        ? { at: quiet([ended]), until: Infinity }
        : { ...span, at: ended.at };
    const recovered = this.play(otherwise, ["rejected", failureOf(ended.outcome)], again);
    // A handler of its own is blocked on it.
    this.#log.blockedMs += recovered.at - again.at;
    return ended.outcome === "cancelled" ? { ...ended, quietAt: quiet([recovered]) } : recovered;
  }

  #work(leaf: FlowLeaf, input: FlowValue, span: Span): Ended {
    let began = span.at;
    for (let attempt = 1; ; attempt++) {
      if (this.#isOver(began, span)) return { at: span.until, outcome: "cancelled" };
      this.#log.calls.push({ leaf: leaf.index, input, attempt, atMs: began });
      const ended = began + leaf.ms;
      this.#log.activeMs += (leaf.heeds ? Math.min(ended, span.until) : ended) - began;
      if (ended > span.until) {
        const quietAt = leaf.heeds ? span.until : ended;
        return { at: span.until, outcome: "cancelled", quietAt };
      }
      try {
        return this.#by(ended, { value: this.#leaf({ leaf, input, attempt }) }, span);
      } catch (error) {
        const failure = messageOf(error);
        if (attempt === LEAF_ATTEMPTS) return this.#by(ended, { failure }, span);
      }
      began = ended;
    }
  }

  #note(
    { leaf, journal }: { leaf: FlowLeaf; journal: string },
    input: FlowValue,
    span: Span,
  ): Ended {
    return after(this.play(leaf, input, span), (_, at) => {
      this.#log.notes.push({ journal, index: leaf.index, at });
      return { at, outcome: { value: input } };
    });
  }

  /** Ends at `at`, unless it is cancelled before. */
  #by(at: number, outcome: FlowOutcome, span: Span): Ended {
    this.#isOver(at, span);
    return at <= span.until ? { at, outcome } : { at: span.until, outcome: "cancelled" };
  }

  /** Tells whether work that would begin at `at` is cancelled by then. */
  #isOver(at: number, { until }: Span): boolean {
    if (at === until) this.#log.ties.add(at);
    return at >= until;
  }

  /** The values in order once all parts have ended, or the first failure. */
  #list(parts: readonly Ended[], { at }: Span): Ended {
    const bad = parts.filter((part) => !isFulfilled(part)).toSorted((a, b) => a.at - b.at);
    const [first, second] = [
      ...bad.filter(({ outcome }) => outcome !== "cancelled"),
      ...bad.filter(({ outcome }) => outcome === "cancelled"),
    ];
    if (first !== undefined && first.at === second?.at && second.outcome !== "cancelled")
      this.#log.ties.add(first.at);
    if (first?.outcome === "cancelled") return { ...first, quietAt: quiet(parts) };
    if (first !== undefined) return first;
    return {
      at: latest(parts, at),
      outcome: { value: parts.map(({ outcome }) => valueOf(outcome)) },
    };
  }

  #settlements(parts: readonly Ended[], { at }: Span): Ended {
    return this.#list(parts.map(settled), { at, until: Infinity });
  }

  #firstOf(
    parts: readonly FlowProgram[],
    input: FlowValue,
    span: Span,
    wins: (ended: Ended) => boolean,
  ): Ended {
    const tried = parts.map((part) => this.#try(part, input, span));
    const winner = tried
      .filter((ended) => ended.outcome !== "cancelled" && wins(ended))
      .toSorted((a, b) => a.at - b.at)[0];
    if (winner !== undefined && tried.some((ended) => ended !== winner && ended.at === winner.at))
      this.#log.ties.add(winner.at);
    const first = tried.find(({ outcome }) => outcome === "cancelled");
    const cancelled = first && { ...first, quietAt: quiet(tried) };
    const failure = `none of: ${tried.map(({ outcome }) => failureOf(outcome)).join(", ")}`;
    const ended = winner ?? cancelled ?? { at: latest(tried, span.at), outcome: { failure } };
    for (const [index, part] of parts.entries())
      this.#playBranch(part, input, span, tried[index] === winner ? ended : ended.at);
    return ended;
  }

  #timeout({ part, ms }: { part: FlowProgram; ms: number }, input: FlowValue, span: Span): Ended {
    const tried = this.#try(part, input, span);
    const dueAt = span.at + ms;
    if (tried.at === dueAt) this.#log.ties.add(dueAt);
    const isTooLate = tried.at > dueAt || (tried.outcome === "cancelled" && dueAt === span.until);
    this.#playBranch(part, input, span, isTooLate ? dueAt : tried);
    return isTooLate ? { at: dueAt, outcome: { failure: "TIMEOUT" } } : tried;
  }

  /** Plays a step to find its end, and leaves no trace. */
  #try(part: FlowProgram, input: FlowValue, span: Span): Ended {
    return new Reference(newLog(), this.#leaf).play(part, input, span);
  }

  /**
   * Plays a branch of a decided race: up to `end`, or as long as the race itself if it decided the
   * race with a value (RF5).
   */
  #playBranch(part: FlowProgram, input: FlowValue, span: Span, end: Ended | number): void {
    if (typeof end !== "number" && isFulfilled(end)) return void this.play(part, input, span);
    const until = Math.min(span.until, typeof end === "number" ? end : end.at);
    const { ties } = this.#log;
    const isTie = ties.has(until);
    this.play(part, input, { ...span, until });
    // A branch that decided the race by its failure ends at that instant.
    if (typeof end !== "number" && end.outcome !== "cancelled" && !isTie) ties.delete(until);
  }

  #wait(
    { count, timeoutMs = Infinity, rest }: FlowWait,
    parts: readonly Ended[],
    span: Span,
  ): Ended {
    const times = parts.map((part) => part.at).toSorted((a, b) => a - b);
    const at = Math.min(
      count === 0 ? span.at : (times[count - 1] ?? Infinity),
      span.at + timeoutMs,
      span.until,
    );
    const isReady = (part: Ended): boolean => part.outcome !== "cancelled" && part.at <= at;
    // Another part that settles at the same instant may or may not count as ready.
    if (times.filter((time) => time === at).length > (count > 0 && times[count - 1] === at ? 1 : 0))
      this.#log.ties.add(at);
    if (at === span.until) return { at, outcome: "cancelled", quietAt: quiet(parts) };
    const shown = parts.map(({ outcome }) => shownOutcome(outcome));
    const ready = parts.flatMap((part, index) => (isReady(part) ? [[index, shown[index]]] : []));
    const pending = parts.flatMap((part, index) => (isReady(part) ? [] : [index]));
    if (!rest) return { at, outcome: { value: [ready, pending, []] } };
    const late = this.#settlements(
      pending.map((index) => parts[index] ?? { at, outcome: "cancelled" }),
      { ...span, at },
    );
    return after(late, (value, lateAt) => ({
      at: Math.max(at, lateAt),
      outcome: { value: [ready, pending, value] },
    }));
  }
}

function newLog(): Log {
  return { calls: [], notes: [], ties: new Set(), activeMs: 0, blockedMs: 0 };
}

/** Continues with a value; passes a failure on. */
function after(ended: Ended, then: (value: FlowValue, at: number) => Ended): Ended {
  return isFulfilled(ended) ? then(valueOf(ended.outcome), ended.at) : ended;
}

/** Turns the outcome of a step into a value. */
function settled(ended: Ended): Ended {
  const { at, outcome } = ended;
  return outcome === "cancelled" ? ended : { at, outcome: { value: shownOutcome(outcome) } };
}

function shownOutcome(outcome: Ended["outcome"]): FlowValue {
  if (outcome === "cancelled") return ["rejected", "CANCELLED"];
  return "value" in outcome ? ["fulfilled", outcome.value] : ["rejected", outcome.failure];
}

function isFulfilled({ outcome }: Ended): boolean {
  return outcome !== "cancelled" && "value" in outcome;
}

function valueOf(outcome: Ended["outcome"]): FlowValue {
  return outcome !== "cancelled" && "value" in outcome ? outcome.value : undefined;
}

function failureOf(outcome: Ended["outcome"]): string {
  return outcome !== "cancelled" && "failure" in outcome ? outcome.failure : "CANCELLED";
}

/** The instant from which no handler of these steps runs. */
function quiet(parts: readonly Ended[]): number {
  return Math.max(...parts.map(({ at, quietAt = at }) => quietAt));
}

function latest(parts: readonly Ended[], at: number): number {
  return Math.max(at, ...parts.map((part) => part.at));
}

/** Returns calls by time. Those of one instant have no order of their own, so they get a fixed one. */
export function inOrder(calls: readonly FlowCall[]): readonly FlowCall[] {
  return calls.toSorted(
    (a, b) =>
      a.atMs - b.atMs ||
      a.leaf - b.leaf ||
      a.attempt - b.attempt ||
      compareText(JSON.stringify(a.input), JSON.stringify(b.input)),
  );
}
