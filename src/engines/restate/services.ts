import { handlers, object, service } from "@restatedev/restate-sdk";
import type {
  Context,
  ObjectContext,
  ObjectSharedContext,
  ServiceDefinition,
  ServiceOptions,
  VirtualObjectDefinition,
} from "@restatedev/restate-sdk";
import { adoptAddress } from "./delivery/adoption.ts";
import {
  askAddress,
  deliverToAddress,
  listenAtAddress,
  readAddress,
  saveState,
} from "./delivery/address.ts";
import type { Question } from "./delivery/address.ts";
import { AddressState } from "./delivery/address-state.ts";
import type { Listener } from "./delivery/address-state.ts";
import { collectAtAddress } from "./delivery/collection.ts";
import { Carrier } from "./delivery/carrier.ts";
import type { HostedFunctions } from "./delivery/functions.ts";
import { decideLetter } from "./delivery/decide-letter.ts";
import type { LetterDecision } from "./delivery/decide-letter.ts";
import { keepDeadLetter, listDeadLetters } from "./delivery/dead-letters.ts";
import { forgetReply, listenForReply, putReply, waitForReply } from "./delivery/replies.ts";
import type { Waiting } from "./delivery/replies.ts";
import type { ObjectJournal } from "./journal/journal.ts";
import { journalOf, JSON_TEXT, objectJournalOf, readsOf } from "./journal/sdk-journal.ts";
import { readDelivery } from "./wire/delivery.ts";
import { readInput } from "./wire/input.ts";
import type { PrintedDelivery } from "./wire/delivery.ts";

/** A Restate service or virtual object, to bind to an endpoint. */
export type RestateService =
  | ServiceDefinition<string, unknown>
  | VirtualObjectDefinition<string, unknown>;

/**
 * Options of all services.
 *
 * - A failure is retried for ever: Restate's own policy pauses an invocation after a while.
 * - Cancellation is explicit: a delayed message that is canceled too late must not stop a handler.
 * - A handler may run for a day, as it does on other engines.
 */
const OPTIONS: ServiceOptions = {
  retryPolicy: {
    initialInterval: 50,
    maxInterval: 5_000,
    exponentiationFactor: 2,
    maxAttempts: 2_147_483_647,
  },
  explicitCancellation: true,
  journalRetention: 0,
  idempotencyRetention: 600_000,
  abortTimeout: 86_400_000,
};

/** Time after which an invocation that waits for a reply is suspended, in ms. */
const SUSPENDED_AFTER_MS = 200;

const TEXT = { input: JSON_TEXT, output: JSON_TEXT };
const PRIVATE = { ...TEXT, ingressPrivate: true };

/** Makes the Restate services of an application. */
export function servicesOf(functions: HostedFunctions): readonly RestateService[] {
  return [
    addressObject(functions),
    callService(functions),
    replyObject(functions),
    waitService(functions),
    deadLettersObject(functions),
  ];
}

/** Makes a handler that gets JSON and answers nothing. */
function objectHandler<Input>(
  handle: (journal: ObjectJournal, input: Input) => Promise<void>,
): (ctx: ObjectContext, input: string) => Promise<string> {
  return async (ctx, input) => {
    await handle(objectJournalOf(ctx), readInput<Input>(input));
    return "null";
  };
}

function addressObject(functions: HostedFunctions): RestateService {
  const { exclusive, shared } = handlers.object;
  const deliver = objectHandler<readonly PrintedDelivery[]>((...given) =>
    deliverToAddress(functions, ...given),
  );
  const listen = objectHandler<Listener>((...given) => listenAtAddress(functions, ...given));
  const collect = objectHandler<{ readonly at: number }>((...given) =>
    collectAtAddress(functions, ...given),
  );
  const adopt = async (ctx: ObjectContext, adoption: string): Promise<string> => {
    await adoptAddress(functions, objectJournalOf(ctx), adoption);
    return "null";
  };
  const ask = async (ctx: ObjectContext, input: string): Promise<string> =>
    JSON.stringify(await askAddress(functions, objectJournalOf(ctx), readInput<Question>(input)));
  const begin = async (ctx: ObjectContext, input: string): Promise<string> => {
    const journal = objectJournalOf(ctx);
    const state = await AddressState.load(journal);
    const question = readInput<Question>(input);
    const carrier = new Carrier(functions, journal, { key: journal.key, state });
    const delivery = readDelivery(question.delivery);
    const answer = await carrier.begin(question, delivery);
    saveState(functions, journal, state, delivery.at);
    return JSON.stringify(answer);
  };
  const read = async (ctx: ObjectSharedContext): Promise<string> =>
    JSON.stringify(await readAddress(readsOf(ctx)));
  return object({
    name: functions.names.address,
    handlers: {
      deliver: exclusive(PRIVATE, deliver),
      adopt: exclusive(PRIVATE, adopt),
      ask: exclusive(TEXT, ask),
      begin: exclusive(TEXT, begin),
      listen: exclusive(PRIVATE, listen),
      collect: exclusive(PRIVATE, collect),
      read: shared(TEXT, read),
    },
    options: OPTIONS,
  });
}

function callService(functions: HostedFunctions): RestateService {
  const deliver = async (ctx: Context, input: string): Promise<string> => {
    const [delivery] = JSON.parse(input) as readonly PrintedDelivery[];
    if (delivery !== undefined) await new Carrier(functions, journalOf(ctx)).carry(delivery);
    return "null";
  };
  const begin = async (ctx: Context, input: string): Promise<string> =>
    JSON.stringify(await new Carrier(functions, journalOf(ctx)).begin(readInput<Question>(input)));
  return service({
    name: functions.names.call,
    handlers: {
      deliver: handlers.handler(PRIVATE, deliver),
      begin: handlers.handler(TEXT, begin),
    },
    options: OPTIONS,
  });
}

function replyObject({ names }: HostedFunctions): RestateService {
  const { exclusive } = handlers.object;
  const put = async (ctx: ObjectContext, reply: string): Promise<string> => {
    await putReply(names, objectJournalOf(ctx), reply);
    return "null";
  };
  const listen = objectHandler<Listener>((...given) => listenForReply(names, ...given));
  const forget = objectHandler<null>(async (journal) => forgetReply(journal));
  return object({
    name: names.reply,
    handlers: {
      put: exclusive(PRIVATE, put),
      listen: exclusive(PRIVATE, listen),
      forget: exclusive(PRIVATE, forget),
    },
    options: OPTIONS,
  });
}

function waitService(functions: HostedFunctions): RestateService {
  const reply = async (ctx: Context, input: string): Promise<string> =>
    JSON.stringify(await waitForReply(functions, journalOf(ctx), readInput<Waiting>(input)));
  return service({
    name: functions.names.wait,
    handlers: { reply: handlers.handler(TEXT, reply) },
    options: { ...OPTIONS, inactivityTimeout: SUSPENDED_AFTER_MS },
  });
}

function deadLettersObject(functions: HostedFunctions): RestateService {
  const { exclusive, shared } = handlers.object;
  const add = async (ctx: ObjectContext, letter: string): Promise<string> => {
    await keepDeadLetter(objectJournalOf(ctx), letter);
    return "null";
  };
  const decide = async (ctx: ObjectContext, input: string): Promise<string> =>
    JSON.stringify(
      await decideLetter(functions, objectJournalOf(ctx), readInput<LetterDecision>(input)),
    );
  const list = async (ctx: ObjectSharedContext, limit: string): Promise<string> =>
    JSON.stringify(await listDeadLetters(readsOf(ctx), Number(limit)));
  return object({
    name: functions.names.letters,
    handlers: {
      add: exclusive(PRIVATE, add),
      decide: exclusive(TEXT, decide),
      list: shared(TEXT, list),
    },
    // Its letters are many, and each delivery needs few of them.
    options: { ...OPTIONS, enableLazyState: true },
  });
}
