import { fn } from "../../src/index.ts";
import type { Fn } from "../../src/index.ts";

/** What a person answers. */
export const ANSWER = "approved";

/** Digits of a flow's id. */
const FLOW_DIGITS = 16;

/** A function that hands back a promise to be kept by a person, who is told the token. */
export function waiting(tell: (token: string) => void): Fn<string, string> {
  return fn("bench/waiting", (ctx, _: string) => {
    const answer = ctx.promise<string>();
    tell(answer.token);
    return answer;
  });
}

/** The id of the flow that made a token: the number with which all ids of the flow begin. */
export function flowOf(token: string): string {
  return token.slice(0, FLOW_DIGITS);
}
