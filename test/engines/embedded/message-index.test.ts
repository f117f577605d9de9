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

test("a flow is parked while one of its messages is parked and not handled", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          does: fc.constantFrom("park", "unpark", "delete"),
          scope: fc.constantFrom(FLOW, `${FLOW}/1`, OTHER, undefined),
          seq: fc.nat(2),
        }),
        { maxLength: 20 },
      ),
      (changes) => {
        const index = new MessageIndex();
        index.parkedChanges = new Set();
        const parked = new Set<string>();
        const isParked = (flow: string): boolean =>
          [...parked].some((each) => each.startsWith(flow));
        for (const { does, scope, seq } of changes) {
          const before = [isParked(FLOW), isParked(OTHER)];
          index.parkedChanges.clear();
          index[does](messageIn(scope, seq));
          // Numbers of messages are unique in a flow, whatever their scopes.
          const key = `${scope?.slice(0, FLOW.length)} ${seq}`;
          if (does === "park") parked.add(key);
          else parked.delete(key);
          const changed = [FLOW, OTHER].filter((flow, at) => isParked(flow) !== before[at]);
          expect([...index.parkedChanges]).toEqual(changed);
          for (const flow of [FLOW, OTHER]) expect(index.isParked(flow)).toBe(isParked(flow));
          expect([...index.parkedFlows].toSorted()).toEqual([FLOW, OTHER].filter(isParked));
        }
      },
    ),
  );
});
