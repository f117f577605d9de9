import { expect, test } from "vitest";
import type { NamedValue } from "../../../src/core/activation/effects.ts";
import { NO_WORK, readFrom } from "../../../src/core/engine/committed-read.ts";
import { readAliveIds } from "../../../src/futures/client/stored/read-state.ts";

test("a page of states asks for the values of one state at a time", () => {
  const ids = Array.from({ length: 1_000 }, (_, at) => `s-${at}`);
  const asked: string[][] = [];
  const values = (id: string): readonly NamedValue[] => [
    { name: "n", value: { content: { json: 1 }, ...(id.endsWith("0") && { expiresAt: 1 }) } },
  ];
  const view = {
    values: ({ id }: { readonly id: string }) => values(id),
    pendingWork: () => NO_WORK,
  };
  const reader = readAliveIds("test/f", ids, 5);
  const next = reader.next.bind(reader);
  reader.next = (...data) => {
    const step = next(...data);
    if (step.done !== true) asked.push((step.value.addresses ?? []).map(({ id }) => id));
    return step;
  };
  expect(readFrom(view, reader)).toEqual(ids.filter((id) => !id.endsWith("0")));
  expect(asked).toEqual(ids.map((id) => [id]));
});
