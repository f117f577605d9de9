import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChildIds } from "../../src/core/message/child-ids.ts";
import { MESSAGE_ID, flowOf, rootId } from "../../src/core/message/message-id.ts";
import {
  addUsage,
  isUsageComplete,
  markOfMessage,
  NO_USAGE,
} from "../../src/core/activation/meter.ts";

const parents = fc.stringMatching(/^[0-9a-f]{40}$/);
const ordinals = fc.nat(0xffff_ffff);

describe("the ids of the messages that one message causes", () => {
  test("are message ids of its flow", () => {
    fc.assert(
      fc.property(parents, fc.nat(5), ordinals, (parent, epoch, ordinal) => {
        const id = new ChildIds(parent, epoch).at(ordinal);
        expect(id).toMatch(MESSAGE_ID);
        expect(flowOf(id)).toBe(flowOf(parent));
      }),
    );
  });

  test("are the same each time they are made, so that data stored under one is found", () => {
    const parent = rootId("0000010000000000");
    expect([0, 1, 2 ** 32 - 1].map((ordinal) => new ChildIds(parent, 0).at(ordinal))).toEqual([
      "000001000000000083f044f2e5b7a3a77c463ace",
      "0000010000000000f7e47466e67a3631daa03acc",
      "0000010000000000dde65f6a9648eda5d812ff80",
    ]);
    expect(new ChildIds(parent, 1).at(0)).not.toBe(new ChildIds(parent, 0).at(0));
  });

  test("differ, in each of their words, for all numbers", () => {
    fc.assert(
      fc.property(parents, ordinals, ordinals, (parent, one, other) => {
        fc.pre(one !== other);
        const ids = new ChildIds(parent, 0);
        const words = (id: string): readonly string[] => [
          id.slice(16, 24),
          id.slice(24, 32),
          id.slice(32),
        ];
        const others = words(ids.at(other));
        expect(words(ids.at(one)).every((word, index) => word !== others[index])).toBe(true);
      }),
    );
  });

  test("have marks that cancel out only together", () => {
    const ids = new ChildIds(rootId("0000010000000001"), 0);
    const seen = new Set<string>();
    let sum = NO_USAGE;
    for (let ordinal = 0; ordinal < 20_000; ordinal++) {
      sum = addUsage(sum, markOfMessage(ids.at(ordinal)));
      if (isUsageComplete(sum)) throw new Error(`the marks of the first ${ordinal + 1} cancel out`);
      seen.add(`${sum[4]} ${sum[5]}`);
    }
    // No range of them cancels out either.
    expect(seen.size).toBe(20_000);
    for (let ordinal = 0; ordinal < 20_000; ordinal++)
      sum = addUsage(sum, markOfMessage(ids.at(ordinal)));
    expect(isUsageComplete(sum)).toBe(true);
  });
});
