import type { Cause } from "../../../core/activation/activation.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { Environment } from "../../../core/activation/environment.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import { NO_STATE } from "../state/address-state.ts";
import type { AddressState } from "../state/address-state.ts";
import type { StateCache } from "../state/state-cache.ts";
import type { ScopeCancellation } from "./scope-cancellation.ts";

/** A cause whose state is in this engine's cache. */
export type CachedCause = Cause & { readonly state: AddressState };

/** The optional parts of a cause. */
export type CauseOptions = Pick<
  Cause,
  | "blocking"
  | "emitter"
  | "cancellation"
  | "withdrawn"
  | "crashes"
  | "queuedAt"
  | "abandonedRun"
  | "discarded"
  | "isFirstRun"
>;

/** Collaborators of {@link Causes}. */
export interface CausesParts {
  readonly environment: Environment;
  readonly cache: StateCache;
  readonly scopes: ScopeCancellation;
  readonly commits: Pick<GroupCommit, "isUnderWay">;
}

/** Makes the causes of activations: the message, the state at its target, and the environment. */
export class Causes {
  readonly #environment: Environment;
  readonly #cache: StateCache;
  readonly #isCancelled: (scope: string) => boolean;
  readonly #isUnderWay: (origin: string) => boolean;

  constructor({ environment, cache, scopes, commits }: CausesParts) {
    this.#environment = environment;
    this.#cache = cache;
    this.#isUnderWay = (origin) => commits.isUnderWay(origin);
    this.#isCancelled = (scope) => scopes.isCancelled(scope);
  }

  /** Returns the cause for an activation at the target of a message. */
  of(envelope: Envelope, readsState: boolean, options: CauseOptions = {}): CachedCause {
    const state = readsState ? this.#cache.open(envelope.target, envelope.fresh) : NO_STATE;
    const { blocking, emitter, cancellation, withdrawn, crashes } = options;
    const { queuedAt, abandonedRun, discarded, isFirstRun } = options;
    return {
      envelope,
      state,
      environment: this.#environment,
      isCancelled: this.#isCancelled,
      isUnderWay: this.#isUnderWay,
      blocking,
      emitter,
      cancellation,
      withdrawn,
      crashes,
      queuedAt,
      abandonedRun,
      discarded,
      isFirstRun,
    };
  }
}
