import { fn } from "../../src/index.ts";
import type { Fn } from "../../src/index.ts";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

/** Tokens that are written at once. */
const CHUNK = 1_000;

/** Writes tokens to a file, one a line, so that memory holds none but the last few. */
export class TokenFile {
  readonly #file: number;
  #lines = "";
  #count = 0;

  constructor(path: string) {
    this.#file = openSync(path, "w");
  }

  add(token: string): void {
    this.#lines += `${token}\n`;
    if (++this.#count % CHUNK === 0) this.#flush();
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }

  #flush(): void {
    writeSync(this.#file, this.#lines);
    this.#lines = "";
  }
}

/** Reads the tokens of a file, without making a text of each before it is asked for. */
export function* readTokens(path: string): Generator<string, undefined> {
  const lines = readFileSync(path, "latin1");
  for (
    let start = 0, end = lines.indexOf("\n");
    end >= 0;
    start = end + 1, end = lines.indexOf("\n", start)
  )
    yield lines.slice(start, end);
}

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

/** A function that sleeps until an instant, in ms since the epoch, and tells when it has said so. */
export function sleeper(tell: () => void): Fn<number, void> {
  return fn("bench/sleeper", (ctx, until: number) => {
    tell();
    return ctx.sleepUntil(until);
  });
}
