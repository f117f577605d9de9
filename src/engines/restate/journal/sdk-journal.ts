import { InvocationIdParser, RestatePromise } from "@restatedev/restate-sdk";
import type { Context, ObjectContext, ObjectSharedContext, Serde } from "@restatedev/restate-sdk";
import type { Recipient } from "../wire/recipient.ts";
import { Turns } from "./turns.ts";
import type {
  ActionGroup,
  Journal,
  ObjectJournal,
  SentMessage,
  SleepingJournal,
} from "./journal.ts";

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** Texts as they are. All of them are JSON, so that people can read them in Restate's tools. */
export const JSON_TEXT: Serde<string> = {
  contentType: "application/json",
  serialize: (value) => utf8.encode(value),
  deserialize: (bytes) => text.decode(bytes),
};

/** Makes the journal of an invocation. */
export function journalOf(ctx: Context): SleepingJournal {
  return new SdkJournal(ctx);
}

/** Makes the journal of an invocation of a virtual object. */
export function objectJournalOf(ctx: ObjectContext): ObjectJournal {
  return new SdkObjectJournal(ctx);
}

/** A journal over the context that Restate's SDK gives to a handler. */
class SdkJournal implements Journal, SleepingJournal {
  readonly #ctx: Context;

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  actions<Tag>(): ActionGroup<Tag> {
    return new SdkActionGroup(this.#ctx);
  }

  call({ service, handler, key }: Recipient, input: string): Promise<string> {
    return this.#ctx.genericCall<string, string>({
      service,
      method: handler,
      parameter: input,
      inputSerde: JSON_TEXT,
      outputSerde: JSON_TEXT,
      ...(key !== undefined && { key }),
    });
  }

  send({ service, handler, key }: Recipient, input: string, delayMs = 0): SentMessage {
    const sent = this.#ctx.genericSend<string>({
      service,
      method: handler,
      parameter: input,
      inputSerde: JSON_TEXT,
      ...(key !== undefined && { key }),
      ...(delayMs > 0 && { delay: Math.ceil(delayMs) }),
    });
    return { invocationId: () => sent.invocationId };
  }

  cancel(invocationId: string): void {
    this.#ctx.invocation(InvocationIdParser.fromString(invocationId)).cancel();
  }

  wake(sleeper: string, value: string): void {
    this.#ctx.resolveAwakeable(sleeper, value, JSON_TEXT);
  }

  sleep(timeoutMs: number): ReturnType<SleepingJournal["sleep"]> {
    const { id, promise } = this.#ctx.awakeable(JSON_TEXT);
    const timeout = this.#ctx.sleep(timeoutMs).map((): undefined => undefined);
    return { sleeper: id, woken: () => RestatePromise.race([promise, timeout]) };
  }
}

/** Results of more characters enter the journal one at a time. */
const LARGE = 262_144;

/** An action that runs. */
interface RunningAction<Tag> {
  readonly tag: Tag;
  readonly promise: RestatePromise<string>;
}

/**
 * Awaiting the first of several results costs less than awaiting each, even if there is one.
 *
 * SJ1 A large result enters the journal after the one before has been taken, and its follow-up
 * messages have been written. The server sends each result back: if it has a second one to send while
 * it gets a long message, both sides wait for the other forever.
 */
class SdkActionGroup<Tag> implements ActionGroup<Tag> {
  readonly #ctx: Context;
  readonly #running: RunningAction<Tag>[] = [];
  readonly #large = new Turns<Tag>();
  #taken: Tag | undefined;

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  get size(): number {
    return this.#running.length;
  }

  begin(tag: Tag, name: string, action: () => Promise<string>): void {
    const run = async (): Promise<string> => {
      const result = await action();
      if (result.length > LARGE) await this.#large.take(tag);
      return result;
    };
    this.#running.push({ tag, promise: this.#ctx.run(name, run, { serde: JSON_TEXT }) });
  }

  async next(): Promise<{ readonly tag: Tag; readonly result: string }> {
    if (this.#taken !== undefined) this.#large.end(this.#taken);
    const indexed = this.#running.map(({ promise }, index) =>
      promise.map((result = "") => ({ index, result })),
    );
    const { index, result } = await RestatePromise.race(indexed);
    const [ended] = this.#running.splice(index, 1);
    if (ended === undefined) throw new Error("expected an action that runs");
    this.#taken = ended.tag;
    return { tag: ended.tag, result };
  }
}

class SdkObjectJournal extends SdkJournal implements ObjectJournal {
  readonly #ctx: ObjectContext;

  constructor(ctx: ObjectContext) {
    super(ctx);
    this.#ctx = ctx;
  }

  get key(): string {
    return this.#ctx.key;
  }

  async read(name: string): Promise<string | undefined> {
    return (await this.#ctx.get<string>(name, JSON_TEXT)) ?? undefined;
  }

  write(name: string, value: string): void {
    this.#ctx.set(name, value, JSON_TEXT);
  }

  remove(name: string): void {
    this.#ctx.clear(name);
  }
}

/** Reads the values of a virtual object beside its handlers that change them. */
export function readsOf(ctx: ObjectSharedContext): Pick<ObjectJournal, "read"> {
  return { read: async (name) => (await ctx.get<string>(name, JSON_TEXT)) ?? undefined };
}
