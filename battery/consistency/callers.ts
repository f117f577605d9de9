import { HandbackError } from "../../src/index.ts";
import type { Client } from "../../src/index.ts";
import { quick, register } from "./objects.ts";
import type { FlowState, FlowStep, Line, Put, Seen } from "./objects.ts";

/** Collaborators of {@link Callers}. */
export interface CallersParts {
  readonly client: Client;
  /** Records a line. The order of the lines is the order of the history. */
  readonly record: (line: Line) => void;
  /** Returns a random number in [0, 1). */
  readonly random: () => number;
  /** Makes numbers and names different from those of other processes. */
  readonly life: number;
  /** The number of registers, and of flows per process. */
  readonly objects: number;
}

/** The state of a flow that a client saw. */
const STATES: Readonly<Record<string, FlowState>> = { pending: "pending", completed: "completed" };

/** Concurrent callers, which record their requests and answers. */
export class Callers {
  readonly #parts: CallersParts;
  #asked = 0;

  constructor(parts: CallersParts) {
    this.#parts = parts;
  }

  /** Makes one random request after the other, until `isOver`. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) await (this.#parts.random() < 0.7 ? this.#useRegister() : this.#useFlow());
  }

  async #useRegister(): Promise<void> {
    const { client, random, life } = this.#parts;
    const id = `r${this.#pick()}`;
    const kind = random();
    const put = kind < 0.5 ? life * 1_000_000 + this.#asked : undefined;
    const asked: Put = put === undefined ? {} : { put };
    const ask = async (): Promise<Seen> => {
      if (put !== undefined) return client.call(register.put, put, { id });
      if (kind < 0.75) return client.call(register.look, undefined, { id });
      return client
        .readState(register, id)
        .catch((error: unknown) => orIfAbsent(error, { count: 0, last: -1 }));
    };
    await this.#ask({ object: id, register: asked }, ask);
  }

  async #useFlow(): Promise<void> {
    const { client, random, life } = this.#parts;
    const key = `f${life}-${Math.floor(this.#asked / 50)}-${this.#pick()}`;
    const steps: readonly FlowStep[] = ["start", "status", "status", "result"];
    const step = steps[Math.floor(random() * steps.length)] ?? "status";
    const ask = async (): Promise<FlowState> => {
      if (step === "start") return client.start(quick, 1, { key }).then(() => "pending");
      const flow = client.flow(key);
      const seen = step === "status" ? flow.status() : flow.result().then(() => COMPLETED);
      return seen
        .then(({ status }) => STATES[status] ?? "absent")
        .catch((error: unknown) => orIfAbsent(error, "absent"));
    };
    await this.#ask({ object: key, flow: step }, ask);
  }

  async #ask(
    request: { readonly object: string } & (
      | { readonly register: Put }
      | { readonly flow: FlowStep }
    ),
    ask: () => Promise<Seen | FlowState>,
  ): Promise<void> {
    const { record, life } = this.#parts;
    const { object } = request;
    const id = `${life}-${this.#asked++}`;
    record({ ...request, id });
    try {
      record({ object, id, answer: await ask() });
    } catch (error) {
      // Without an answer it may have happened.
      if (HandbackError.is(error, "OVERLOADED")) record({ object, id, refused: error.code });
      else if (!HandbackError.is(error, "CLOSED", "STORE_FAILED")) throw error;
    }
  }

  #pick(): number {
    return Math.floor(this.#parts.random() * this.#parts.objects);
  }
}

const COMPLETED = { status: "completed" };

function orIfAbsent<T>(error: unknown, absent: T): T {
  if (HandbackError.is(error, "NOT_FOUND")) return absent;
  throw error;
}
