import { expect } from "vitest";

/** What every example says of its two meters: the split one bills nothing for waiting, and the naive one does. */
export const METERS = [
  expect.stringMatching(/^split: billed \d+ ms, 0 of them for waiting, beta 1\.000$/),
  expect.stringMatching(
    /^naive: billed \d+ ms, [1-9]\d* of them for waiting, beta (?!1\.000$)[1-9]\d*\.\d{3}$/,
  ),
] as readonly unknown[];
