import { expect, test } from "vitest";
import { stateKey } from "../../../src/stores/sqlite/tables/state-key.ts";

const HASH = "c9934b09ff53075eb114963c";

test.each([
  ["the number of a flow", "0000010000000abc", 2_881_486_848],
  ["the number of a flow with an @", "@0000010000000abc", 2_881_486_848],
  ["a message", `0000010000000abc${HASH}`, 2_882_312_500],
  ["a state with a generated id", `@0000010000000abc${HASH}`, 2_882_312_500],
  ["a user's id", "key-17", 1_247_587_196_869_037],
  ["a user's id with a letter outside of ASCII", "é", 1_312_358_796_624_700],
  ["a user's id with capital digits", "0000010000000ABC", 3_472_768_459_429_284],
  ["a user's id with one digit too many", "0000010000000abcc", 3_803_834_862_163_665],
])("the key of %s stays the one that existing stores contain", (_, id, key) => {
  expect(stateKey(id)).toBe(key);
});
