import fc from "fast-check";
import type { Address } from "../../../src/core/message/address.ts";
import type { Content } from "../../../src/core/activation/effects.ts";
import type { Envelope } from "../../../src/core/message/envelope.ts";
import type { Json } from "../../../src/core/data/json.ts";
import type {
  StoredMessage,
  Batch,
  StoreInfo,
  StateWrite,
  StoredDeadLetter,
} from "../../../src/stores/store.ts";
import { added, batchOf, encoded, envelope, deleted, updated } from "./batches.ts";
import type { StoreModel } from "./store-model.ts";

type Contents = Omit<Envelope, "id">;
type Write = Pick<StateWrite, "address" | "name" | "value"> & {
  /** Set to write a missing value as if it existed. */
  readonly isStale: boolean;
};

/** Changes of a batch. Which rows they concern depends on the content of the store. */
export interface Changes extends Pick<
  Batch,
  "cancelledTokens" | "unwatched" | "watched" | "deletedDeadLetters" | "crashMarks"
> {
  /** Indexes of stored messages; an index out of range picks a missing one. */
  readonly removed: readonly number[];
  readonly removedDelayed: readonly number[];
  readonly inserted: readonly (Pick<StoredMessage, "dueAt" | "token"> & {
    readonly contents: Contents;
  })[];
  readonly values: readonly Write[];
  readonly addedDeadLetters: readonly (Omit<StoredDeadLetter, "envelope"> & {
    readonly id: string;
    readonly contents: Contents;
  })[];
}

/** Addresses of all written values. */
export const ADDRESSES: readonly Address[] = ["1", "2"].flatMap((id) =>
  ["test/a", "test/b"].map((type) => ({ type, id })),
);

const FLOW = "0".repeat(16);

/** Prefixes of scopes to look up. */
export const SCOPES = [FLOW, `${FLOW}/`, "~", "s"];

/** Ids of messages that become dead letters. */
export const LETTERS = [1, 2, 3].map((number) => envelope(number).id);

/** A number that no row has. */
const ABSENT = 1_000_000;

const instants = fc.integer({ min: 1, max: 9 });
const texts = fc.json({ maxDepth: 1 }).map(encoded);
const jsons = fc.json({ maxDepth: 1 }).map((text) => JSON.parse(text) as Json);
const addresses = fc.constantFrom(...ADDRESSES);
const tokens = fc.constantFrom("t", "u", "v");
const scopes = fc.constantFrom(FLOW, `${FLOW}/1`, "~1", "t");
const watches = fc.uniqueArray(fc.record({ scope: scopes, address: addresses, token: tokens }), {
  maxLength: 4,
  selector: ({ scope, address: { type, id }, token }) => `${scope} ${type} ${id} ${token}`,
});
const picks = fc.array(fc.nat(12), { maxLength: 6 });
const letters = fc.constantFrom(...LETTERS);
const contents: fc.Arbitrary<Contents> = fc.record(
  {
    target: addresses,
    name: fc.constantFrom("call", "é"),
    payload: texts,
    control: jsons,
    caller: addresses,
    scope: scopes,
  },
  { requiredKeys: ["target", "name", "payload", "control"] },
);
const content: fc.Arbitrary<Content> = fc.oneof(
  texts.map((text) => ({ text })),
  jsons.map((json) => ({ json })),
  fc.record({ text: texts, json: jsons }),
);
const value = fc.record({ content, expiresAt: instants }, { requiredKeys: ["content"] });

/** Generates any changes of a batch. */
export const changes: fc.Arbitrary<Changes> = fc.record({
  removed: picks,
  removedDelayed: picks,
  cancelledTokens: fc.array(tokens, { maxLength: 2 }),
  inserted: fc.array(
    fc.oneof(
      fc.record({ contents }),
      fc.record(
        { contents, dueAt: instants, token: tokens },
        { requiredKeys: ["contents", "dueAt"] },
      ),
    ),
    { maxLength: 4 },
  ),
  values: fc.uniqueArray(
    fc.record({
      address: addresses,
      name: fc.constantFrom("x", "y"),
      value: fc.option(value, { nil: undefined }),
      isStale: fc.boolean(),
    }),
    { maxLength: 6, selector: ({ address: { type, id }, name }) => `${type} ${id} ${name}` },
  ),
  unwatched: watches,
  watched: watches,
  deletedDeadLetters: fc.array(letters, { maxLength: 1 }),
  addedDeadLetters: fc.array(fc.record({ id: letters, contents, failure: jsons, at: instants }), {
    maxLength: 1,
  }),
  crashMarks: fc.uniqueArray(fc.record({ seq: instants, crashes: fc.nat(3) }), {
    maxLength: 3,
    selector: ({ seq }) => seq,
  }),
});

/**
 * Returns the batch with these changes for a store with this content. New messages and values get
 * the next numbers.
 */
export function batchFor(
  change: Changes,
  content: StoreModel,
  { nextSeq, nextRowId }: Pick<StoreInfo, "nextSeq" | "nextRowId">,
): Batch {
  const pick = (from: readonly number[], picked: readonly number[]): number[] =>
    picked.map((at) => from[at] ?? ABSENT + at);
  return batchOf({
    removed: pick(content.numbers("deliverable"), change.removed),
    removedDelayed: pick(content.numbers("delayed"), change.removedDelayed),
    cancelledTokens: change.cancelledTokens,
    unwatched: change.unwatched,
    watched: change.watched,
    inserted: change.inserted.map(({ contents: rest, ...times }, index) => {
      const seq = nextSeq + index;
      return { seq, envelope: { ...rest, id: envelope(seq).id }, ...times };
    }),
    values: change.values.map((write, index) =>
      writeOf(write, content.rowIdOf(write.address, write.name), nextRowId + index),
    ),
    deletedDeadLetters: change.deletedDeadLetters,
    addedDeadLetters: change.addedDeadLetters.map(({ contents: rest, id, ...letter }) => ({
      envelope: { ...rest, id },
      ...letter,
    })),
    crashMarks: change.crashMarks,
  });
}

function writeOf(
  { address, name, value, isStale }: Write,
  rowId: number | undefined,
  next: number,
): StateWrite {
  if (value === undefined) return deleted(rowId ?? ABSENT, name, address);
  if (rowId === undefined && !isStale) return added({ rowId: next, name, value }, address);
  return updated({ rowId: rowId ?? ABSENT, name, value }, address);
}
