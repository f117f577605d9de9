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
