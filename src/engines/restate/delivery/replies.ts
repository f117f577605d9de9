import type { ObjectJournal, SleepingJournal } from "../journal/journal.ts";
import type { HostedFunctions } from "./functions.ts";
import { printInput } from "../wire/input.ts";
import type { Recipient, ServiceNames } from "../wire/recipient.ts";

/** Time for which a reply is kept for a client that does not fetch it, in ms. */
const KEPT_MS = 600_000;
const [REPLY, LISTENERS] = ["reply", "listeners"];

/** A client that waits, and the object that will give the reply. */
export interface Waiting {
  readonly service: string;
  readonly key: string;
  readonly reply: string;
  /** Instant of the request, and the time for which it waits, in ms. */
  readonly at: number;
  readonly waitMs: number;
}

/** The reply as JSON text, unless none came in time. */
export type WaitResult = { readonly reply?: string };

/** Sleeps until an object gives a reply. Restate suspends the invocation meanwhile. */
export async function waitForReply(
  { instantAfter }: Pick<HostedFunctions, "instantAfter">,
  journal: SleepingJournal,
  { service, key, reply, at, waitMs }: Waiting,
): Promise<WaitResult> {
  const sleep = journal.sleep(waitMs);
  const to: Recipient = { service, key, handler: "listen" };
  const until = instantAfter(at, waitMs);
  journal.send(to, printInput({ reply, sleeper: sleep.sleeper, at, until }));
  const text = await sleep.woken();
  return text === undefined ? {} : { reply: text };
}

/**
 * Keeps a reply, and gives it to the clients that wait. One of them may have stopped to wait, or its
 * answer may be lost: then it asks again.
 */
export async function putReply(
  names: ServiceNames,
  journal: ObjectJournal,
  reply: string,
): Promise<void> {
  const text = await journal.read(LISTENERS);
  if (text !== undefined) {
    for (const sleeper of JSON.parse(text) as readonly string[]) journal.wake(sleeper, reply);
    journal.remove(LISTENERS);
  }
  journal.write(REPLY, reply);
  journal.send({ service: names.reply, key: journal.key, handler: "forget" }, "null", KEPT_MS);
}

/** Wakes a client up once the reply is there. */
export async function listenForReply(
  names: ServiceNames,
  journal: ObjectJournal,
  { sleeper }: { readonly sleeper: string },
): Promise<void> {
  const reply = await journal.read(REPLY);
  if (reply !== undefined) return journal.wake(sleeper, reply);
  const known = await journal.read(LISTENERS);
  const sleepers = known === undefined ? [] : (JSON.parse(known) as readonly string[]);
  journal.write(LISTENERS, JSON.stringify([...sleepers, sleeper]));
  if (sleepers.length === 0)
    journal.send({ service: names.reply, key: journal.key, handler: "forget" }, "null", KEPT_MS);
}

/** Forgets a reply, or the clients that waited for one that never came. */
export function forgetReply(journal: ObjectJournal): void {
  journal.remove(REPLY);
  journal.remove(LISTENERS);
}
