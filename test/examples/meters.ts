import { expect } from "vitest";

/** The last lines of every example. Only the naive version is billed for waiting. */
export const METERS = [
  expect.stringMatching(/^split: billed \d+ ms, waiting 0 ms, beta 1\.000$/),
  expect.stringMatching(
    /^naive: billed \d+ ms, waiting [1-9]\d* ms, beta (?!1\.000$)[1-9]\d*\.\d{3}$/,
  ),
] as readonly unknown[];
