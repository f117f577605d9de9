import type { Definition } from "./core/activation/definition.ts";
import { HandbackError } from "./core/errors/errors.ts";
import { trackActivations } from "./engines/embedded/host/current-activation.ts";
import type { EmbeddedEngine } from "./engines/embedded/engine.ts";
import { specOf } from "./futures/define/spec.ts";
import { withEgress } from "./futures/run/egress.ts";
import type { Sink } from "./futures/run/egress.ts";
import { defineAll } from "./futures/run/registry.ts";

/** The functions that an engine hosts, from the start or later. */
export class HostedFunctions {
  readonly definitions: Map<string, Definition>;
  readonly #egress: Readonly<Record<string, Sink>>;
  #faces: readonly object[];
  #registering: Promise<void> = Promise.resolve();

  /** @throws `DUPLICATE_FUNCTION`, `INVALID_OPTIONS` */
  constructor(faces: readonly object[], egress: Readonly<Record<string, Sink>>) {
    this.#egress = egress;
    this.#faces = faces;
    this.definitions = new Map(this.#define(faces));
  }

  /** Adds a function with its parts, after those that are being added. */
  register(face: object, engine: EmbeddedEngine): Promise<void> {
    const registering = this.#registering.then(() => this.#add(face, engine));
    this.#registering = registering.catch(() => undefined);
    return registering;
  }

  async #add(face: object, engine: EmbeddedEngine): Promise<void> {
    const type = specOf(face)?.type;
    if (type !== undefined && this.definitions.has(type))
      throw new HandbackError("DUPLICATE_FUNCTION", `${type} is registered with this engine`, {
        details: { function: type },
      });
    const faces = [...this.#faces, face];
    const isNew = ([each]: readonly [string, Definition]): boolean => !this.definitions.has(each);
    await engine.register(new Map([...this.#define(faces)].filter(isNew)));
    this.#faces = faces;
  }

  #define(faces: readonly object[]): ReadonlyMap<string, Definition> {
    return withTracking(withEgress(defineAll(faces), this.#egress));
  }
}

/** Lets the engine know which handler started the code that runs. */
function withTracking(
  definitions: ReadonlyMap<string, Definition>,
): ReadonlyMap<string, Definition> {
  const track = (definition: Definition): Definition =>
    definition.system ? definition : trackActivations(definition);
  return new Map(Array.from(definitions, ([type, definition]) => [type, track(definition)]));
}
