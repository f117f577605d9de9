import { lineOf, pageOf, placeOfPage } from "../../../battery/kinds/operation-log.ts";
import { kindOf } from "../../../battery/kinds/all-kinds.ts";
import { nameOf } from "../../../battery/kinds/kind.ts";
import type { Kind, Place } from "../../../battery/kinds/kind.ts";
import type { Entry, Noted, Outcome, Said } from "../../../battery/ledger/entry.ts";
import { operationOf } from "../../../battery/plan/operation.ts";
import type { Operation } from "../../../battery/plan/operation.ts";
import type { Json } from "../../../src/core/data/json.ts";

/**
 * Entries of a ledger, written by hand: one process that works and, at its end, one that verifies.
 * Each line is a millisecond later.
 */
export class Story {
  readonly seed = 1;
  readonly entries: Entry[] = [];
  readonly #pages = new Map<string, Record<string, number>>();
  readonly #taken = new Set<number>();
  #life = 1;
  #now = 1_000_000;
  #requests = 0;

  constructor() {
    this.say({ what: "start", mode: "work" }, { what: "opening" }, { what: "open" });
  }

  /** Returns the next operation of a kind that matches. */
  operation(kind: Kind, isSo: (operation: Operation) => boolean = () => true): Operation {
    for (let number = 0; ; number++) {
      const operation = operationOf(this.seed, number);
      if (this.#taken.has(number) || kindOf(operation) !== kind || !isSo(operation)) continue;
      this.#taken.add(number);
      return operation;
    }
  }

  say(...said: readonly (Said | Noted)[]): void {
    for (const each of said) this.entries.push({ ...each, life: this.#life, at: this.#now++ });
  }

  /** Lets time pass. */
  wait(ms: number): void {
    this.#now += ms;
  }

  /**
   * Adds a request and its answer, by default an acknowledgement. Returns the name of the request.
   */
  ask(
    { number }: Operation,
    step: string,
    { value, answer, came = "acknowledgement" }: Asked = {},
  ): string {
    const request = this.#requests++;
    this.say({ what: "intend", request, op: number, step, ...(value !== undefined && { value }) });
    if (came === "refusal") this.say({ what: "refused", request, code: "CLOSED" });
    if (came === "acknowledgement")
      this.say({ what: "ack", request, ...(answer !== undefined && { value: answer }) });
    return `${this.#life}.${request}`;
  }

  /** Adds an effect of a handler. */
  act({ number, key }: Operation, part: string, value?: number): void {
    this.say({
      what: "effect",
      op: number,
      part,
      key: `key of ${key} ${part}`,
      ...(value !== undefined && { value }),
    });
  }

  /** Adds a logged part, with its effect. */
  book(operation: Operation, part: string): void {
    this.act(operation, part);
    const page = nameOf(placeOfPage(pageOf(operation.number)));
    const lines = this.#pages.get(page) ?? {};
    lines[lineOf(operation.number, part)] = 1;
    this.#pages.set(page, lines);
  }

  /** Adds the outcome that a client sees. */
  see({ number }: Operation, outcome: Outcome): void {
    this.say({ what: "result", op: number, outcome });
  }

  /** Begins the verification. */
  verify(): void {
    this.say({ what: "end", code: null, signal: "SIGKILL" });
    this.#life++;
    this.say({ what: "start", mode: "verify" }, { what: "opening" }, { what: "open" });
    for (const [place, lines] of this.#pages) this.say({ what: "state", place, values: { lines } });
  }

  stands(
    { number }: Operation,
    standing: Outcome | { readonly status: "pending" | "absent" },
  ): void {
    this.say({ what: "standing", op: number, standing, startedAt: 1_000_000 });
  }

  state(place: Place, values: Json): void {
    this.say({ what: "state", place: nameOf(place), values });
  }

  end(): readonly Entry[] {
    this.say(
      { what: "rest", messages: 0, delayed: 0, dead: 0 },
      { what: "told" },
      { what: "closed" },
      { what: "end", code: 0, signal: null },
    );
    return this.entries;
  }
}

/** A request and its answer. */
interface Asked {
  readonly value?: Json;
  readonly answer?: Json;
  readonly came?: "acknowledgement" | "refusal" | "nothing";
}
