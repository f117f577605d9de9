import type { NamedValue } from "../activation/effects.ts";
import type { Address } from "../message/address.ts";
import type { PendingWork } from "./pending-work.ts";

/** One question of a reader: the values of some addresses, and the pending work of some scopes. */
export interface CommittedQuery {
  readonly addresses?: readonly Address[];
  /** Prefixes of the names of scopes. */
  readonly scopes?: readonly string[];
}

/** The answer: one entry for each address and each scope, in their order. */
export interface CommittedData {
  readonly values: readonly (readonly NamedValue[])[];
  readonly work: readonly PendingWork[];
}

/**
 * Reads committed data: yields its questions, gets their answers, and returns a result. It has no
 * other effects, so an engine may run it several times.
 */
export type CommittedReader<Result> = Generator<CommittedQuery, Result, CommittedData>;

/** The pending work of a scope that has none. */
export const NO_WORK: PendingWork = { messages: [], addresses: [] };

/** Reads the committed values of an address. */
export function* readValues(address: Address): CommittedReader<readonly NamedValue[]> {
  const { values } = yield { addresses: [address] };
  return values[0] ?? [];
}

/** Reads the committed work that is not done yet, of all scopes whose names begin with `scope`. */
export function* readWork(scope: string): CommittedReader<PendingWork> {
  const { work } = yield { scopes: [scope] };
  return work[0] ?? NO_WORK;
}

/** The committed data of one instant. */
export interface CommittedView {
  values(address: Address): readonly NamedValue[];
  pendingWork(scope: string): PendingWork;
}

/** Runs a reader on the data of one instant. */
export function readFrom<Result>(view: CommittedView, reader: CommittedReader<Result>): Result {
  for (let step = reader.next(); ; step = reader.next(answerFrom(view, step.value)))
    if (step.done === true) return step.value;
}

/**
 * Runs a reader on an engine that answers one question after the other. What it reads may then be
 * of several instants.
 */
export async function readInSteps<Result>(
  answer: (query: CommittedQuery) => Promise<CommittedData>,
  reader: CommittedReader<Result>,
): Promise<Result> {
  for (let step = reader.next(); ; step = reader.next(await answer(step.value)))
    if (step.done === true) return step.value;
}

const NO_VALUES: CommittedData["values"] = [];
const NO_PENDING: CommittedData["work"] = [];

function answerFrom(view: CommittedView, { addresses, scopes }: CommittedQuery): CommittedData {
  return {
    values: addresses === undefined ? NO_VALUES : addresses.map((each) => view.values(each)),
    work: scopes === undefined ? NO_PENDING : scopes.map((each) => view.pendingWork(each)),
  };
}
