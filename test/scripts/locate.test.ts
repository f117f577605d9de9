import { describe, expect, test } from "vitest";
import { locate } from "../../scripts/mutations/locate.ts";

const SOURCE = `
function settle(state: State): State {
  // The first settlement stays.
  if (state.settled !== undefined) return state;
  return keep(state, { now });
}
function open(state: State): State {
  if (state.opening !== undefined) return state;
  return state;
}
`;
const files = (text: string): ReadonlyMap<string, string> => new Map([["src/cell.ts", text]]);
const pattern = {
  file: "src/cell.ts",
  find: "if (state.settled !== undefined) return state;\n  return keep(state, {\n now,\n });",
  replace: "return keep(state, { now });",
};
const mutated = (text: string, wanted = pattern): string | undefined => {
  const place = locate(files(text), wanted);
  return place && text.slice(0, place.start) + place.replacement + text.slice(place.end);
};

describe("a mutation finds its code", () => {
  test("as it was written, whatever its white space, comments and trailing commas", () => {
    expect(mutated(SOURCE)).toBe(
      SOURCE.replace("if (state.settled !== undefined) return state;\n  ", ""),
    );
  });

  test("after a rename, and takes the new names over", () => {
    const renamed = SOURCE.replaceAll("keep", "keepSettled").replaceAll("state", "cell");
    expect(mutated(renamed)).toContain("return keepSettled(cell, { now });");
    expect(mutated(renamed)).not.toContain("cell.settled");
  });

  test("after its file has moved", () => {
    const place = locate(new Map([["src/rooms/box.ts", SOURCE]]), pattern);
    expect(place?.path).toBe("src/rooms/box.ts");
  });

  test("but not where two places fit equally well", () => {
    const guard = "if (state.x !== undefined) return state;";
    expect(mutated(SOURCE, { ...pattern, find: guard, replace: "" })).toBeUndefined();
  });

  test("but not code of the same shape with other names", () => {
    const other = "if (row.sum !== total) return row;\n  return load(row, { at });";
    expect(mutated(other)).toBeUndefined();
  });

  test("but not if one name has become two", () => {
    expect(
      mutated(SOURCE.replace("return state;\n  return keep", "return other;\n  return keep")),
    ).toBe(undefined);
  });
});
