import { hasState } from "../../../core/activation/definition.ts";
import type { Definition } from "../../../core/activation/definition.ts";
import type { DeadLetter, Reply } from "../../../core/activation/effects.ts";
import type { Environment } from "../../../core/activation/environment.ts";
import type { StateReader } from "../../../core/activation/activation.ts";
import type { Json } from "../../../core/data/json.ts";
import type { CrashGuard } from "../../../core/host/crash-guard.ts";
import type { Address } from "../../../core/message/address.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import { writeAddressKey } from "../wire/address-key.ts";
import type { ServiceNames } from "../wire/recipient.ts";

/** The functions of an application, and what they need. */
export interface HostedFunctions {
  readonly names: ServiceNames;
  readonly environment: Environment;
  /** Returns the function of a type, if it is registered. */
  find(type: string): Definition | undefined;
  /** Tells whether a function is pure, so that a repeated invocation may run it again. */
  isPure(definition: Definition): boolean;
  /** Describes an error as data for those who wait. */
  describe(error: unknown): Json;
  /** Returns the reply of a key that an address has given before, if its state still says so. */
  standingReply(address: Address, key: string, state: StateReader): Reply | undefined;
  /** Returns the time until an instant of the functions' clock, in ms of the cluster's. */
  delayUntil(instant: number): number;
  /** Returns the instant of the functions' clock that a time of the cluster's, in ms, ends at. */
  instantAfter(instant: number, delayMs: number): number;
  /** Time after which a message that could not be handled is tried again, in ms. */
  readonly parkedForMs: number;
  /** Largest number of calls in one invocation. With 0, each call is an invocation of its own. */
  readonly carriedCalls: number;
  /**
   * Characters of the results in one invocation, after which it takes no more calls: the cluster sends
   * all of them again whenever it repeats the invocation.
   */
  readonly carriedCharacters: number;
  readonly letters: {
    /** Tells whether something waits for the outcome of a message that failed. */
    isHeld(letter: DeadLetter): boolean;
    /** Returns the message to send in place of a letter, as part of the flow with this number. */
    redrivenMessage(letter: DeadLetter, flow: string): Envelope | undefined;
  };
  /** Bounds the crashes of the process that one message causes. Absent: nothing bounds them. */
  readonly crashGuard: CrashGuard | undefined;
  /** Largest result of one handler in bytes, as it is kept in a journal. */
  readonly resultLimit: number;
}

/**
 * Returns the key of the virtual object that handles a message, or `undefined` if no other message
 * goes to its address, so that nothing is shared there.
 */
export function keyOfTarget(
  { find }: Pick<HostedFunctions, "find">,
  { id, target }: Envelope,
): string | undefined {
  const definition = find(target.type);
  const isAlone = definition !== undefined && !hasState(definition) && target.id === id;
  return isAlone ? undefined : writeAddressKey(target);
}
