import { append } from "../data/append.ts";
import { HandbackError } from "../errors/errors.ts";
import { formatPath, type Step } from "./path.ts";
import type { Refusal } from "./refusal.ts";

/** The deepest nesting of a value. */
export const MAX_DEPTH = 200;

/**
 * The path from a value to its current part, and the errors that name it.
 *
 * TR1. There is one step per open container. Containers are left only on success, so after an error
 * the path still leads to its place.
 * TR2. An error decided here can be told from one that the value's own code threw.
 */
export class Trail {
  private readonly root: string;
  private containers: object[] = [];
  private steps: (Step | undefined)[] = [];
  private decided: Error | undefined;

  constructor(root: string) {
    this.root = root;
  }

  /** Opens a container. */
  enter(container: object): void {
    if (this.containers.includes(container))
      throw this.refuse("UNSERIALIZABLE", `cycle at ${this.path()}`);
    if (this.containers.length === MAX_DEPTH) {
      throw this.refuse(
        "TOO_DEEP",
        `${this.path()} is nested too deep: expected at most ${MAX_DEPTH} levels`,
      );
    }
    this.containers = append(this.containers, container);
    this.steps = append(this.steps, undefined);
  }

  /** Moves to a part of the innermost container, or to the container itself. */
  step(to: Step | undefined): void {
    this.steps[this.steps.length - 1] = to;
  }

  /** Closes the innermost container. */
  leave(): void {
    this.steps.pop();
    this.containers.pop();
  }

  /** Makes the error for a part that cannot be kept. */
  unserializable({ got, hint }: Refusal): Error {
    return this.refuse(
      "UNSERIALIZABLE",
      `cannot keep ${this.path()}: expected plain data, got ${got}; ${hint}`,
      { hint },
    );
  }

  /** Makes the error for a text of `size` characters or more. */
  tooLarge(size: number, limit: number): Error {
    const message = `${this.root} is too large: expected at most ${limit} characters, got at least ${size}`;
    return this.refuse("PAYLOAD_TOO_LARGE", message, { size, limit });
  }

  /** Marks an error as decided here and returns it. */
  decide(error: Error): Error {
    this.decided = error;
    return error;
  }

  /** Returns the error to throw for one that ended the walk. */
  explain(error: unknown): unknown {
    if (this.decided !== undefined && this.decided === error) return error;
    return new HandbackError("UNSERIALIZABLE", `cannot keep ${this.path()}: reading it threw`, {
      cause: error,
      details: { path: this.path() },
    });
  }

  /** Returns the name, index or place of the part in its container. */
  lastStep(): Step | undefined {
    return this.steps.at(-1);
  }

  path(): string {
    return formatPath(this.root, this.steps);
  }

  private refuse(
    code: "UNSERIALIZABLE" | "TOO_DEEP" | "PAYLOAD_TOO_LARGE",
    message: string,
    details: Readonly<Record<string, string | number>> = {},
  ): Error {
    return this.decide(
      new HandbackError(code, message, { details: { path: this.path(), ...details } }),
    );
  }
}
