import { ProblemError } from "../responses/problem.ts";
import type { NodeRequest } from "./node-request.ts";

/** Bytes of a body that do not count, so that large bodies cannot keep small ones out. */
const FREE_BYTES = 16_384;
/** Size of the first buffer. */
const LEAST_BUFFER = 4_096;

/** The memory for the large bodies that are being read. */
export class BodyMemory {
  readonly #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes memory. @throws a `ProblemError` if there is not enough */
  take(bytes: number): void {
    if (this.#used + bytes > this.#limit) throw new ProblemError("TOO_BUSY");
    this.#used += bytes;
  }

  release(bytes: number): void {
    this.#used -= bytes;
  }
}

/** The bytes of a body that arrive in chunks. Its memory follows the bytes, not their chunks. */
export class BodyBytes {
  readonly #limit: number;
  readonly #memory: BodyMemory;
  #buffer: Uint8Array = new Uint8Array();
  #size = 0;
  #taken = 0;

  constructor(limit: number, memory: BodyMemory) {
    this.#limit = limit;
    this.#memory = memory;
  }

  /**
   * Adds a chunk. @throws a `ProblemError` if the body is larger than the limit, or there is no
   * memory for it
   */
  add(chunk: Uint8Array | string): void {
    // A stream with an encoding gives text.
    const bytes = typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk;
    const size = this.#size + bytes.length;
    if (size > this.#limit) throw new ProblemError("BODY_TOO_LARGE");
    // Most bodies come in one chunk, which needs no copy.
    if (this.#size === 0) {
      this.#take(bytes.length);
      this.#buffer = bytes;
    } else {
      if (size > this.#buffer.length) this.#grow(size);
      this.#buffer.set(bytes, this.#size);
    }
    this.#size = size;
  }

  /** Returns the bytes so far. */
  read(): Uint8Array {
    return this.#buffer.subarray(0, this.#size);
  }

  /** Gives the memory back. */
  release(): void {
    this.#memory.release(this.#taken);
    this.#taken = 0;
  }

  #grow(size: number): void {
    const capacity = Math.min(Math.max(2 * size, LEAST_BUFFER), this.#limit);
    this.#take(capacity);
    const larger = new Uint8Array(capacity);
    larger.set(this.read());
    this.#buffer = larger;
  }

  #take(bytes: number): void {
    const counted = Math.max(0, bytes - FREE_BYTES);
    this.#memory.take(counted - this.#taken);
    this.#taken = counted;
  }
}

/** Reads a stream of the Fetch standard. @throws a `ProblemError` */
export async function readStream(stream: ReadableStream | null, body: BodyBytes): Promise<void> {
  if (stream === null) return;
  const reader = (stream as ReadableStream<Uint8Array | string>).getReader();
  const nextChunk = () => reader.read().catch(refuseIncomplete);
  try {
    for (let next = await nextChunk(); !next.done; next = await nextChunk()) body.add(next.value);
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    throw error;
  }
}

/**
 * Reads a request of Node's server, without the promises and chunks in between that a stream of the
 * Fetch standard has. @throws a `ProblemError`
 */
export function readNodeRequest(request: NodeRequest, body: BodyBytes): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      request.off("data", add).off("end", end).off("error", fail).off("close", fail);
    };
    const end = (): void => {
      stop();
      resolve();
    };
    const fail = (): void => {
      stop();
      reject(new ProblemError("BODY_INCOMPLETE"));
    };
    const add = (chunk: Uint8Array | string): void => {
      try {
        body.add(chunk);
      } catch (error) {
        stop();
        request.pause();
        reject(error);
      }
    };
    request.on("data", add).on("end", end).on("error", fail).on("close", fail);
  });
}

/** A failure to read means that the sender has gone away or is too slow. */
function refuseIncomplete(): never {
  throw new ProblemError("BODY_INCOMPLETE");
}
