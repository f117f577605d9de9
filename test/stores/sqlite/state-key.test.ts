import { expect, test } from "vitest";
import { stateKey } from "../../../src/stores/sqlite/tables/state-key.ts";

const HASH = "c9934b09ff53075eb114963c";

test.each([
  ["a flow's number", "0000010000000abc", 2_881_486_848],
  ["a flow's number behind an @", "@0000010000000abc", 2_881_486_848],
  ["a message", `0000010000000abc${HASH}`, 2_882_312_500],
  ["a state that the system named", `@0000010000000abc${HASH}`, 2_882_312_500],
  ["a user's id", "key-17", 1_247_587_196_869_037],
  ["a user's id beyond ASCII", "é", 1_312_358_796_624_700],
  ["what has capital digits, and so is a user's", "0000010000000ABC", 3_472_768_459_429_284],
  ["what has a digit too many, and so is a user's", "0000010000000abcc", 3_803_834_862_163_665],
])("the number of %s is the one under which stores keep it", (_, id, key) => {
  expect(stateKey(id)).toBe(key);
});
