import { ERROR_CODES } from "handback";
import type { ErrorCode } from "handback";
import { expect, test } from "vitest";
import { problemOf, titleOf } from "../../src/http/responses/problem.ts";

const codes = Object.keys(ERROR_CODES) as ErrorCode[];

test.each(codes)(
  "the problem of %s is one sentence that does not refer to error details",
  (code) => {
    const { type, status, title } = problemOf(code);
    expect([type, title]).toEqual([`urn:handback:${code}`, titleOf(code)]);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(title).toMatch(/^[A-Z].*\w\.$/);
    expect(title).not.toMatch(/`(details|cause|failure)/);
  },
);
