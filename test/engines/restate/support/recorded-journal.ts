import type {
  ActionGroup,
  Journal,
  SentMessage,
} from "../../../../src/engines/restate/journal/journal.ts";
import type { Recipient } from "../../../../src/engines/restate/wire/recipient.ts";

/** Something that an invocation has done to the cluster, in order. */
export interface Done {
  readonly what: "call" | "send" | "run";
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

  cancel(): void {}

  wake(): void {}
}

function nameOf({ service, key, handler }: Recipient): string {
  return [service, key, handler].filter((part) => part !== undefined).join(" ");
}
