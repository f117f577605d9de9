import type { FlowEntry, IndexedStatus } from "../../../core/engine/flow-index.ts";
import type { Batch, FlowGroup } from "../../store.ts";
import type { Packer, Unpacker } from "../rows/packed.ts";
import type { FlowColumns } from "./flow-columns.ts";
import { columnsOf, NONE } from "./flow-columns.ts";
import { statusNumber, statusOfNumber } from "./flow-groups.ts";

type GroupName = Pick<FlowGroup, "type" | "status">;

/** Receives the changes of a batch, in their order. */
export interface FlowChangesReader {
  expired(key: string): void;
  /** The groups of all changes that follow. */
  groups(names: readonly GroupName[]): void;
  /** A change of a row. The place of each is the index of its group. */
  changed(was: FlowColumns | undefined, is: FlowColumns | undefined): void;
}

/** Packs the changes of a batch. Each group is packed once. */
export function packFlowChanges(packer: Packer, { flows }: Batch): void {
  const { expired, changed } = flows ?? NO_CHANGES;
  packer.number(expired.length);
  for (const key of expired) packer.text(key);
  packer.number(changed.length);
  if (changed.length === 0) return;
  const groups = new PackedGroups();
  for (const { was, is } of changed) {
    if (was !== undefined) groups.add(was);
    if (is !== undefined) groups.add(is);
  }
  groups.pack(packer);
  for (const { was, is } of changed) {
    packEntry(packer, was, groups);
    packEntry(packer, is, groups);
  }
}

const NO_CHANGES = { expired: [], changed: [] };

/** Reads the output of {@link packFlowChanges}. */
export function readFlowChanges(batch: Unpacker, reader: FlowChangesReader): void {
  for (let left = batch.number(); left > 0; left--) reader.expired(batch.text() ?? "");
  const count = batch.number();
  if (count === 0) return;
  reader.groups(unpackGroups(batch));
  for (let left = count; left > 0; left--) reader.changed(unpackEntry(batch), unpackEntry(batch));
}

function packEntry(packer: Packer, entry: FlowEntry | undefined, groups: PackedGroups): void {
  if (entry === undefined) return packer.number(NONE);
  const { place, high, low, key, startedAt, settledAt, expiresAt, attributes } = columnsOf(
    entry,
    groups.indexOf(entry),
  );
  packer.number(place);
  packer.number(high);
  packer.number(low);
  packer.text(key ?? undefined);
  packer.number(startedAt);
  packer.number(settledAt);
  packer.number(expiresAt);
  packer.text(attributes ?? undefined);
}

function unpackEntry(batch: Unpacker): FlowColumns | undefined {
  const place = batch.number();
  if (place === NONE) return undefined;
  return {
    place,
    high: batch.number(),
    low: batch.number(),
    key: batch.text(),
    startedAt: batch.number(),
    settledAt: batch.number(),
    expiresAt: batch.number(),
    attributes: batch.text(),
  };
}

/** The groups of a batch. They are few, and most changes are of the same ones. */
class PackedGroups {
  readonly #byType = new Map<string, Map<IndexedStatus, number>>();
  readonly #names: GroupName[] = [];

  add({ type, status }: GroupName): void {
    let byStatus = this.#byType.get(type);
    if (byStatus === undefined) {
      byStatus = new Map<IndexedStatus, number>();
      this.#byType.set(type, byStatus);
    }
    if (byStatus.has(status)) return;
    byStatus.set(status, this.#names.length);
    this.#names.push({ type, status });
  }

  indexOf({ type, status }: GroupName): number {
    return this.#byType.get(type)?.get(status) ?? NONE;
  }

  pack(packer: Packer): void {
    packer.number(this.#names.length);
    for (const { type, status } of this.#names) {
      packer.text(type);
      packer.number(statusNumber(status));
    }
  }
}

function unpackGroups(batch: Unpacker): readonly GroupName[] {
  const names: GroupName[] = [];
  for (let left = batch.number(); left > 0; left--)
    names.push({ type: batch.text() ?? "", status: statusOfNumber(batch.number()) });
  return names;
}
