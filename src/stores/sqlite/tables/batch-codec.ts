import type { Batch } from "../../store.ts";
import { Packer, Unpacker } from "../rows/packed.ts";
import type { Packed } from "../rows/packed.ts";
import type { OpenTable } from "./table.ts";
import { ALL_TABLES } from "./tables.ts";

/** Packs a batch, table by table, for {@link applyBatch}. */
export function encodeBatch(batch: Batch): Packed {
  const packer = new Packer();
  for (const table of ALL_TABLES) table.pack(packer, batch);
  return packer.pack();
}

/** Applies a packed batch to the open tables, which are in the order of {@link ALL_TABLES}. */
export function applyBatch(packed: Packed, tables: readonly OpenTable[]): void {
  const batch = new Unpacker(packed);
  for (const table of tables) table.apply(batch);
}
