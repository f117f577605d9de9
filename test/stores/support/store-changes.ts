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
import { added, batchOf, encoded, envelope, erased, updated } from "./batches.ts";
import type { StoreModel } from "./store-model.ts";

type Contents = Omit<Envelope, "id">;
type Write = Pick<StateWrite, "address" | "name" | "value"> & {
  /** Whether it is written, if it is not there, as if it were. */
  readonly isStale: boolean;
};

/** What a batch is to change; which numbers that concerns follows from what is there. */
export interface Changes extends Pick<
  Batch,
  "cancelled" | "unwatched" | "watched" | "deletedDeadLetters" | "marks"
> {
  /** Which of the messages that are there; larger ones: some that are not. */
  readonly removed: readonly number[];
  readonly removedDelayed: readonly number[];
  readonly inserted: readonly (Pick<StoredMessage, "dueAt" | "token"> & {
    readonly contents: Contents;
  })[];
  readonly state: readonly Write[];
  readonly dead: readonly (Omit<StoredDeadLetter, "envelope"> & {
    readonly id: string;
    readonly contents: Contents;
  })[];
}

/** Addresses of all values that are written. */
export const ADDRESSES: readonly Address[] = ["1", "2"].flatMap((id) =>
  ["test/a", "test/b"].map((type) => ({ type, id })),
);

const FLOW = "0".repeat(16);

/** Beginnings of scopes' names that are looked up. */
export const SCOPES = [FLOW, `${FLOW}/`, "~", "s"];

/** Ids of messages that die. */
export const LETTERS = [1, 2, 3].map((number) => envelope(number).id);

/** A number that nothing has. */
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

/** Whatever a batch may change. */
export const changes: fc.Arbitrary<Changes> = fc.record({
  removed: picks,
  removedDelayed: picks,
  cancelled: fc.array(tokens, { maxLength: 2 }),
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
  state: fc.uniqueArray(
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
  dead: fc.array(fc.record({ id: letters, contents, failure: jsons, at: instants }), {
    maxLength: 1,
  }),
  marks: fc.uniqueArray(fc.record({ seq: instants, crashes: fc.nat(3) }), {
    maxLength: 3,
    selector: ({ seq }) => seq,
  }),
});

/** The batch that changes this in a store with such content; new messages and values get the next numbers. */
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
    cancelled: change.cancelled,
    unwatched: change.unwatched,
    watched: change.watched,
    inserted: change.inserted.map(({ contents: rest, ...times }, index) => {
      const seq = nextSeq + index;
      return { seq, envelope: { ...rest, id: envelope(seq).id }, ...times };
    }),
    state: change.state.map((write, index) =>
      writeOf(write, content.placeOf(write.address, write.name), nextRowId + index),
    ),
    deletedDeadLetters: change.deletedDeadLetters,
    dead: change.dead.map(({ contents: rest, id, ...letter }) => ({
      envelope: { ...rest, id },
      ...letter,
    })),
    marks: change.marks,
  });
}

function writeOf(
  { address, name, value, isStale }: Write,
  rowId: number | undefined,
  next: number,
): StateWrite {
  if (value === undefined) return erased(rowId ?? ABSENT, name, address);
  if (rowId === undefined && !isStale) return added({ rowId: next, name, value }, address);
  return updated({ rowId: rowId ?? ABSENT, name, value }, address);
}
