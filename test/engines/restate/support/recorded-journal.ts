import type {
  ActionGroup,
  Journal,
  ObjectJournal,
  SentMessage,
} from "../../../../src/engines/restate/journal/journal.ts";
import type { Recipient } from "../../../../src/engines/restate/wire/recipient.ts";

/** Something that an invocation has done to the cluster, in order. */
export interface Done {
  readonly what: "call" | "send" | "run" | "cancel";
  readonly to: string;
  readonly input: string;
}

/** A journal in memory, which records what an invocation does. */
export class RecordedJournal implements Journal {
  readonly done: Done[] = [];

  actions<Tag>(): ActionGroup<Tag> {
    const running: { readonly tag: Tag; readonly result: Promise<string> }[] = [];
    return {
      get size() {
        return running.length;
      },
      begin: (tag, name, action) => {
        this.done.push({ what: "run", to: name, input: "" });
        running.push({ tag, result: action() });
      },
      next: async () => {
        const ended = await Promise.race(
          running.map(async (each) => ({ each, result: await each.result })),
        );
        running.splice(running.indexOf(ended.each), 1);
        return { tag: ended.each.tag, result: ended.result };
      },
    };
  }

  async call(to: Recipient, input: string): Promise<string> {
    this.done.push({ what: "call", to: nameOf(to), input });
    return "null";
  }

  send(to: Recipient, input: string): SentMessage {
    const id = `i${this.done.length}`;
    this.done.push({ what: "send", to: nameOf(to), input });
    return { invocationId: async () => id };
  }

  cancel(invocationId: string): void {
    this.done.push({ what: "cancel", to: invocationId, input: "" });
  }

  wake(_sleeper: string, _value: string): void {}
}

/** The journal of a virtual object, whose values and woken sleepers it keeps. */
export class RecordedObject extends RecordedJournal implements ObjectJournal {
  readonly key: string;
  readonly values = new Map<string, string>();
  readonly woken: (readonly [sleeper: string, value: string])[] = [];

  constructor(key: string) {
    super();
    this.key = key;
  }

  read(name: string): Promise<string | undefined> {
    return Promise.resolve(this.values.get(name));
  }

  write(name: string, value: string): void {
    this.values.set(name, value);
  }

  remove(name: string): void {
    this.values.delete(name);
  }

  override wake(...given: readonly [sleeper: string, value: string]): void {
    this.woken.push(given);
  }
}

function nameOf({ service, key, handler }: Recipient): string {
  return [service, key, handler].filter((part) => part !== undefined).join(" ");
}
