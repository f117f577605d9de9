import fc from "fast-check";
import { expect, test } from "vitest";
import { MessageIndex } from "../../../src/engines/embedded/commit/message-index.ts";
import type { StoredMessage } from "../../../src/stores/store.ts";
import { message, scoped } from "../../stores/support/batches.ts";

const FLOW = "00000a0000000001";
const OTHER = "00000a0000000002";
/** Scopes of flows, nested and not; scopes outside of flows, short ones too; and no scope. */
const SCOPES = [
  FLOW,
  `${FLOW}/1`,
  `${FLOW}/12`,
  OTHER,
  "~",
  "~00000000000000000000000000000001",
  "~0000000000000001/2",
  undefined,
];
const PREFIXES = [
  "",
  "0",
  FLOW.slice(0, 15),
  FLOW,
  `${FLOW}/`,
  `${FLOW}/1`,
  OTHER,
  "~",
  "~0000000000000001",
  "~1",
  "x",
];

const messageIn = (scope: string | undefined, seq: number): StoredMessage =>
  scope === undefined ? message(seq) : scoped(scope, message(seq));

const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ add: fc.constantFrom(...SCOPES) }) },
  { weight: 1, arbitrary: fc.record({ remove: fc.nat(30) }) },
);

test("the message index finds the messages in all scopes with a prefix and counts all messages, as a linear search would", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const index = new MessageIndex();
      let model: readonly StoredMessage[] = [];
      for (const [seq, change] of steps.entries()) {
        if ("add" in change) {
          const added = messageIn(change.add, seq);
          index.add(added);
          model = [...model, added];
        } else {
          const removed = model[change.remove % Math.max(1, model.length)];
          if (removed === undefined) continue;
          index.delete(removed);
          model = model.filter((other) => other !== removed);
        }
        expect(index.size).toBe(model.length);
        for (const prefix of PREFIXES) {
          const expected = model.filter(
            ({ envelope: { scope } }) => scope?.startsWith(prefix) === true,
          );
          expect(inOrder(index.inScope(prefix))).toEqual(expected);
        }
      }
    }),
  );
});

function inOrder(messages: readonly StoredMessage[]): readonly StoredMessage[] {
  return messages.toSorted((one, other) => one.seq - other.seq);
}
