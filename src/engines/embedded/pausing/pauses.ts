import type { Definition } from "../../../core/activation/definition.ts";
import {
  flowPauseId,
  functionPauseId,
  pausedFlow,
  pausedFunction,
} from "../../../core/engine/pauses.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import { flowOf } from "../../../core/message/message-id.ts";
import { patternOfStage } from "../../../core/message/stage-type.ts";

/**
 * The flows and functions that are paused.
 *
 * PA1 The pause of a flow holds the messages that its cancellation would cancel: those of its scopes.
 *     One-way messages and clean-up belong to no flow, and go on.
 * PA2 The pause of a function holds all messages to it, under any of its names, and to the stages of
 *     a pattern.
 */
export class Pauses {
  readonly #definitions: ReadonlyMap<string, Definition>;
  readonly #flows = new Set<string>();
  readonly #functions = new Set<string>();
  #isAny = false;

  constructor(definitions: ReadonlyMap<string, Definition>) {
    this.#definitions = definitions;
  }

  /** Tells whether anything is paused. */
  get isAny(): boolean {
    return this.#isAny;
  }

  add(id: string): void {
    const [flow, type] = [pausedFlow(id), pausedFunction(id)];
    if (flow !== undefined) this.#flows.add(flow);
    if (type !== undefined) this.#functions.add(type);
    this.#isAny = this.#flows.size + this.#functions.size > 0;
  }

  delete(id: string): void {
    this.#flows.delete(pausedFlow(id) ?? "");
    this.#functions.delete(pausedFunction(id) ?? "");
    this.#isAny = this.#flows.size + this.#functions.size > 0;
  }

  /** Returns the id of a pause that holds the message. */
  holding({ scope, target }: Pick<Envelope, "scope" | "target">): string | undefined {
    const flow = scope === undefined ? undefined : flowOf(scope);
    if (flow !== undefined && this.#flows.has(flow)) return flowPauseId(flow);
    if (this.#functions.size === 0) return undefined;
    const type = this.#namesOf(target.type).find((name) => this.#functions.has(name));
    return type === undefined ? undefined : functionPauseId(type);
  }

  /** Returns all names of a function, and those of the pattern that it is a stage of. */
  #namesOf(type: string): readonly string[] {
    const names = [type, ...(this.#definitions.get(type)?.aliases ?? [])];
    return [...names, ...names.flatMap((name) => patternOfStage(name) ?? [])];
  }
}
