import { fn } from "../../src/index.ts";
import type { Fn } from "../../src/index.ts";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

/** Tokens per write. */
const CHUNK = 1_000;

/** Writes tokens to a file, one a line, so that memory holds only the last few. */
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

/** Reads the tokens of a file, one text at a time. */
export function* readTokens(path: string): Generator<string, undefined> {
  const lines = readFileSync(path, "latin1");
  for (
    let start = 0, end = lines.indexOf("\n");
    end >= 0;
    start = end + 1, end = lines.indexOf("\n", start)
  )
    yield lines.slice(start, end);
}

/** The answer of a person. */
export const ANSWER = "approved";

/** Digits of a flow's id. */
const FLOW_DIGITS = 16;

/** A function that hands back a promise for a person, and passes on its token. */
export function waiting(tell: (token: string) => void): Fn<string, string> {
  return fn("bench/waiting", (ctx, _: string) => {
    const answer = ctx.promise<string>();
    tell(answer.token);
    return answer;
  });
}

/** Returns the id of the flow that made a token: the number at the start of all ids of the flow. */
export function flowOf(token: string): string {
  return token.slice(0, FLOW_DIGITS);
}

/**
 * A function that sleeps until an instant, in ms since the epoch, and reports when it has requested
 * that.
 */
export function sleeper(tell: () => void): Fn<number, void> {
  return fn("bench/sleeper", (ctx, until: number) => {
    tell();
    return ctx.sleepUntil(until);
  });
}
