import type { Engine } from "../../../core/engine/engine.ts";
import type { StoreListing } from "../../../core/engine/store-listing.ts";
import { HandbackError } from "../../../core/errors/errors.ts";

/** Returns the lists of an engine's store. @throws `UNSUPPORTED` */
export function storeListingOf({ storeListing }: Engine, method: string): StoreListing {
  if (storeListing !== undefined) return storeListing;
  throw new HandbackError("UNSUPPORTED", `${method}: this engine cannot list what its store holds`);
}
