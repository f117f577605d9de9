import type { Reply } from "../../../core/activation/effects.ts";
import type { ActionGroup, Journal } from "../journal/journal.ts";
import { writeAddressKey } from "../wire/address-key.ts";
import { readDelivery } from "../wire/delivery.ts";
import type { Delivery, PrintedDelivery } from "../wire/delivery.ts";
import type { PrintedEffects, PrintedSend } from "../wire/printed-effects.ts";
import { AddressState, NO_STATE } from "./address-state.ts";
import { printAdoption } from "./adoption.ts";
import type { Answer, Question } from "./address.ts";
import { applyEffects, parkMessage, recipientOf } from "./apply.ts";
import type { HostedFunctions } from "./functions.ts";
import { beginStep, readStepResult } from "./step.ts";
import type { StepResult } from "./step.ts";

/** A message that a carrier handles in memory. */
interface Carried {
  readonly delivery: Delivery;
  readonly printed: PrintedDelivery;
  /** Key of the held address that it goes to. Absent: no other message goes to its address. */
  readonly key: string | undefined;
}

/** A handler that runs. */
interface Running {
  readonly delivery: Delivery;
  readonly held: HeldAddress | undefined;
}

/** An address whose state is in memory only. */
interface HeldAddress {
  /** It is the address of the invocation, which keeps its state. */
  readonly isOwn: boolean;
  /** It ends with this invocation, unless it is handed over before. */
  readonly isPassing: boolean;
  readonly state: AddressState;
  /** The messages that it has got. */
  readonly messages: PrintedDelivery[];
  /** The delayed messages that it can cancel, by their tokens. They leave from its virtual object. */
  readonly delayed: Map<string, PrintedSend>;
  /** True once a message has had an effect beside the state. */
  hasActed: boolean;
}

/** The virtual object in whose invocation a carrier works, and the state of its address. */
export interface OwnAddress {
  readonly key: string;
  readonly state: AddressState;
}

/**
 * Runs a message and its follow-up messages in one invocation, until it has to wait: calls of
 * stateless functions run here, one journal entry each, and the joins of their results are held in
 * memory.
 *
 * CA1 Nothing is decided by clocks, chance or the speed of this machine: only by results that the
 * journal keeps, in the order in which it kept them. A repeated invocation takes the same way.
 * CA2 A held address is one that no other invocation can know. Before a message leaves that could
 * lead back to it, it is handed over to its virtual object.
 * CA3 An address that has done nothing but keep its messages is handed over as these messages, which
 * may come in any order. The state of another one is handed over by a call that is awaited.
 * CA4 All calls that one message causes stay, or all of them leave. The number of calls in one
 * invocation is bounded, so that large fan-outs spread over the cluster. Once its results are large
 * together, every other call leaves, because a repeated invocation reads all of them again.
 * CA5 A client that waits for a flow without a key gets the outcome from the invocation that began
 * the flow, if it ends there. No other client knows the flow's name, so nothing of it is stored.
 * CA6 At an address with state, only the first message for it and the flow that begins with it are
 * handled: nothing else may keep the address busy.
 * CA7 Messages from one sender to one target keep their order, whether they stay or leave.
 * CA8 A delayed message with a token leaves from the virtual object of its sender, which can cancel
 * it. So a held address that sends one is handed over at once.
 */
export class Carrier {
  readonly #functions: HostedFunctions;
  readonly #journal: Journal;
  readonly #held = new Map<string, HeldAddress>();
  readonly #queue: Carried[] = [];
  readonly #running: ActionGroup<Running>;
  /** Changes of the state of this invocation's address that let nothing leave. */
  readonly #changes: (() => Promise<void>)[] = [];
  /** Everything that leaves, in order. */
  #leaving: (() => Promise<void> | void)[] = [];
  /** The replies to the client that waits for this invocation, by their keys. */
  readonly #answers = new Map<string, Reply | undefined>();
  /** The address of this invocation, until a message for it is handled. */
  #own: OwnAddress | undefined;
  #callsLeft: number;
  #charactersLeft: number;

  constructor(functions: HostedFunctions, journal: Journal, own?: OwnAddress) {
    this.#functions = functions;
    this.#journal = journal;
    this.#running = journal.actions();
    this.#own = own;
    this.#callsLeft = own === undefined ? functions.carriedCalls : 0;
    this.#charactersLeft = functions.carriedCharacters;
  }

  /** Handles a message at an address of its own, and its follow-up messages. */
  async carry(delivery: PrintedDelivery): Promise<void> {
    this.#queue.push(readCarried(delivery, undefined));
    await this.#carryOn();
    await this.#handOver();
  }

  /** Handles a client's request that begins a flow, and its follow-up messages. */
  async begin(
    { delivery: printed, reply, outcome }: Question,
    delivery = readDelivery(printed),
  ): Promise<Answer> {
    const key = writeAddressKey(delivery.envelope.target);
    this.#hold(key, true);
    for (const awaited of [reply, outcome])
      if (awaited !== undefined) this.#answers.set(awaited, undefined);
    this.#queue.push({ delivery, printed, key });
    await this.#carryOn();
    const settled = outcome === undefined ? undefined : this.#answers.get(outcome);
    if (settled !== undefined && this.#held.get(key)?.isPassing === true) this.#held.delete(key);
    await this.#handOver();
    for (const change of this.#changes) await change();
    const answer = settled ?? this.#answers.get(reply);
    return answer === undefined ? {} : { reply: answer };
  }

  async #carryOn(): Promise<void> {
    for (;;) {
      await this.#handleQueue();
      await this.#flush();
      if (this.#running.size === 0) break;
      const { tag, result } = await this.#running.next();
      this.#charactersLeft -= result.length;
      if (this.#charactersLeft < 0) this.#callsLeft = 0;
      this.#take(tag.delivery, readStepResult(result), tag.held);
    }
  }

  async #handleQueue(): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const { delivery, printed, key } = next;
      const held = key === undefined ? undefined : this.#heldAt(key);
      held?.messages.push(printed);
      const state = held?.state ?? NO_STATE;
      const result = await beginStep(this.#functions, delivery, state, (name, action) =>
        this.#running.begin({ delivery, held }, name, action),
      );
      if (result !== undefined) this.#take(delivery, result, held);
    }
  }

  #take(delivery: Delivery, result: StepResult, held: HeldAddress | undefined): void {
    if ("parked" in result) {
      this.#leaving.push(() => parkMessage(this.#functions, this.#journal, delivery, result));
      return;
    }
    const { effects } = result;
    if (held === undefined) {
      this.#route(effects.sends);
      return this.#takeRest(effects);
    }
    if (held.isOwn) return this.#takeOwn(effects, held.state);
    for (const write of effects.writes) held.state.write(write);
    if (!isQuiet(effects)) held.hasActed = true;
    for (const token of effects.cancels) held.delayed.delete(token);
    for (const send of effects.sends) if (isCancelable(send)) held.delayed.set(send.token, send);
    this.#route(effects.sends.filter((send) => !isCancelable(send)));
    this.#takeRest({ ...effects, cancels: [] });
  }

  /** Takes the effects of the message for the address of this invocation, whose state can change. */
  #takeOwn(effects: PrintedEffects, state: AddressState): void {
    const stays = ({ key, dueAt }: PrintedSend): boolean =>
      dueAt === undefined && key !== undefined && this.#held.has(key);
    this.#route(effects.sends.filter(stays));
    const sends = effects.sends.filter((send) => !stays(send));
    const [writes, cancels] = [effects.writes, effects.cancels];
    const changes = { ...NO_EFFECTS, writes, cancels };
    if (sends.length === 0) this.#changes.push(() => this.#apply(changes, state));
    else this.#leaving.push(() => this.#apply({ ...changes, sends }, state));
    this.#takeRest({ ...effects, cancels: [] });
  }

  #takeRest(effects: PrintedEffects): void {
    for (const reply of effects.replies)
      if (this.#answers.has(reply.key)) this.#answers.set(reply.key, reply);
    const replies = effects.replies.filter(({ key }) => !this.#answers.has(key));
    const rest = { ...effects, writes: [], sends: [], replies };
    if (!isQuiet(rest)) this.#leave(rest);
  }

  /** Decides which messages stay. */
  #route(sends: readonly PrintedSend[]): void {
    const calls = sends.filter((send) => isCall(send)).length;
    const callsStay = calls <= this.#callsLeft;
    if (callsStay) this.#callsLeft -= calls;
    for (const { key, isFresh } of sends)
      if (isFresh === true && key !== undefined && !this.#held.has(key)) this.#hold(key, false);
    for (const send of sends) {
      const { key, delivery, dueAt } = send;
      const stays = dueAt === undefined && (key === undefined ? callsStay : this.#isHere(key));
      if (stays) this.#queue.push(readCarried(delivery, key));
      else this.#leave({ ...NO_EFFECTS, sends: [send] });
    }
  }

  #hold(key: string, isPassing: boolean): void {
    this.#held.set(key, heldAddress(AddressState.empty(), { isOwn: false, isPassing }));
  }

  #leave(effects: PrintedEffects): void {
    this.#leaving.push(() => this.#apply(effects));
  }

  #apply(effects: PrintedEffects, state?: AddressState): Promise<void> {
    return applyEffects(this.#functions, this.#journal, effects, state);
  }

  #heldAt(key: string): HeldAddress | undefined {
    const own = this.#own;
    if (own?.key !== key) return this.#held.get(key);
    this.#own = undefined;
    return heldAddress(own.state, { isOwn: true, isPassing: false });
  }

  #isHere(key: string): boolean {
    return this.#held.has(key) || this.#own?.key === key;
  }

  /** Lets messages leave, after the addresses that they could lead back to. */
  async #flush(): Promise<void> {
    const isDelaying = [...this.#held.values()].some(({ delayed }) => delayed.size > 0);
    if (this.#leaving.length === 0 && !isDelaying) return;
    await this.#handOver();
    const leaving = this.#leaving;
    this.#leaving = [];
    for (const leave of leaving) await leave();
  }

  async #handOver(): Promise<void> {
    const calls: Promise<unknown>[] = [];
    for (const [key, { state, messages, delayed, hasActed }] of this.#held) {
      if (state.isEmpty && delayed.size === 0) continue;
      const to = recipientOf(this.#functions, key);
      const adoption = (): string => printAdoption({ state, sends: [...delayed.values()] });
      if (hasActed) calls.push(this.#journal.call({ ...to, handler: "adopt" }, adoption()));
      else for (const part of partsOf(messages)) this.#journal.send(to, part);
    }
    this.#held.clear();
    for (const call of calls) await call;
  }
}

const NO_EFFECTS: PrintedEffects = { writes: [], cancels: [], sends: [], replies: [], letters: [] };

/** Longest input of a hand-over in characters, unless a single message is longer. */
const LONGEST_PART = 1_048_576;

/** Prints messages as the inputs of several invocations, none of them too long for the cluster. */
function partsOf(messages: readonly PrintedDelivery[]): readonly string[] {
  const parts: string[][] = [];
  let length = Infinity;
  for (const message of messages.map((each) => JSON.stringify(each))) {
    if (length + message.length > LONGEST_PART) {
      parts.push([]);
      length = 0;
    }
    parts.at(-1)?.push(message);
    length += message.length;
  }
  return parts.map((part) => `[${part.join(",")}]`);
}

function heldAddress(
  state: AddressState,
  kind: Pick<HeldAddress, "isOwn" | "isPassing">,
): HeldAddress {
  return { ...kind, state, messages: [], delayed: new Map(), hasActed: false };
}

/** Tells whether the sender of a message can cancel it. */
function isCancelable(send: PrintedSend): send is PrintedSend & { readonly token: string } {
  return send.token !== undefined && send.dueAt !== undefined;
}

function isCall({ key, dueAt }: PrintedSend): boolean {
  return key === undefined && dueAt === undefined;
}

function readCarried(printed: PrintedDelivery, key: string | undefined): Carried {
  return { delivery: readDelivery(printed), printed, key };
}

/** Tells whether effects change nothing but values. */
function isQuiet({ cancels, sends, replies, letters }: PrintedEffects): boolean {
  return cancels.length + sends.length + replies.length + letters.length === 0;
}
