import { HandbackError } from "../../../core/errors/errors.ts";
import { showString } from "../../../core/errors/show.ts";
import { checkTypename } from "../wire/typename.ts";

/**
 * The functions that other programs serve, by type or by namespace: `shop/user`, `shop/*`. A job
 * restarts if a function sends to one that no program serves, so a target must be named here.
 */
export class RemoteFunctions {
  readonly #types = new Set<string>();
  readonly #namespaces = new Set<string>();

  /** @throws `INVALID_NAME`, `INVALID_OPTIONS` */
  constructor(patterns: readonly string[]) {
    for (const pattern of patterns) this.#add(pattern);
  }

  /** Tells whether another program serves a function of this type. */
  has(type: string): boolean {
    return this.#types.has(type) || this.#namespaces.has(type.slice(0, type.indexOf("/")));
  }

  #add(pattern: string): void {
    const type = checkTypename(pattern);
    if (type.startsWith("*/"))
      throw new HandbackError(
        "INVALID_OPTIONS",
        `remotes: expected "namespace/name" or "namespace/*", got ${showString(type)}`,
      );
    if (type.endsWith("/*")) this.#namespaces.add(type.slice(0, -2));
    else this.#types.add(type);
  }
}
