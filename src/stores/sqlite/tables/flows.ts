import type { DatabaseSync } from "node:sqlite";
import type { FlowEntry } from "../../../core/engine/flow-index.ts";
import type { FlowGroup, FlowRange, FlowStream } from "../../store.ts";
import { integerColumn } from "../rows/columns.ts";
import type { Unpacker } from "../rows/packed.ts";
import type { OpenTable, Table, TableSource } from "./table.ts";
import { ATTRIBUTE_SCHEMA, FlowAttributeRows } from "../flows/flow-attributes.ts";
import { packFlowChanges, readFlowChanges } from "../flows/flow-changes.ts";
import { columnsOf } from "../flows/flow-columns.ts";
import type { FlowColumns, StoredEntry } from "../flows/flow-columns.ts";
import { FlowGroups, GROUP_SCHEMA } from "../flows/flow-groups.ts";
import type { StoredGroup } from "../flows/flow-groups.ts";
import { FlowRows, ROW_SCHEMA } from "../flows/flow-rows.ts";

/**
 * The index of flows.
 *
 * - FI1: each row follows from the record of its flow, and changes in the transaction that changes
 *   the record.
 * - FI2: a row lies by the flow's number and names its group, which is a function and a status. So a
 *   flow that ends in the batch in which it is written first costs one row and one index entry,
 *   both of which come last.
 * - FI3: the index is complete if the opening before this one kept it. Other openings, such as
 *   those of former releases, leave their number out.
 * - FI4: stores of former releases have no such tables. The first opening creates them.
 */
export const flows: Table<Flows> = {
  name: "flow",
  schema: `
    ${ROW_SCHEMA} ${GROUP_SCHEMA} ${ATTRIBUTE_SCHEMA}
    CREATE TABLE flow_index (place INTEGER PRIMARY KEY, generation INTEGER NOT NULL) STRICT;
    INSERT INTO flow_index (place, generation) VALUES (1, 0);
  `,
  pack: packFlowChanges,
  open: (source) => new Flows(source),
};

/** The parts of the index, prepared on first use, because the tables may be missing. */
interface Parts {
  readonly rows: FlowRows;
  readonly groups: FlowGroups;
  readonly attributes: FlowAttributeRows;
}

export class Flows implements OpenTable {
  readonly #source: TableSource;
  readonly #database: DatabaseSync;
  #prepared: Parts | undefined;

  constructor(source: TableSource) {
    this.#source = source;
    this.#database = source.database;
  }

  /** Creates the tables unless they exist. */
  createIfMissing(): void {
    const query = "SELECT 1 FROM sqlite_schema WHERE name = ?";
    if (this.#database.prepare(query).get(flows.name) === undefined)
      this.#database.exec(flows.schema);
  }

  /** The number of the last opening that kept the index; 0: the store is new, or has no index. */
  keptBy(): number {
    const row = this.#database.prepare("SELECT generation FROM flow_index").get();
    return integerColumn(row?.["generation"]);
  }

  /** Records that an opening keeps the index. */
  keep(generation: number): void {
    this.#database.prepare("UPDATE flow_index SET generation = ?").run(generation);
  }

  /** Deletes all entries. */
  clear(): void {
    this.#database.exec("DELETE FROM flow; DELETE FROM flow_attribute; DELETE FROM flow_group");
  }

  apply(batch: Unpacker): void {
    let changes: Changes | undefined;
    const open = (): Changes => (changes ??= new Changes(this.#parts));
    readFlowChanges(batch, {
      expired: (key) => open().expire(key),
      groups: (names) => open().findGroups(names),
      changed: (was, is) => open().change(was, is),
    });
    changes?.end();
  }

  /** Adds entries of flows that the index does not have. */
  add(entries: readonly FlowEntry[]): void {
    const changes = new Changes(this.#parts);
    changes.findGroups(entries);
    for (const [index, entry] of entries.entries())
      changes.change(undefined, columnsOf(entry, index));
    changes.end();
  }

  /** Lists the groups that have or had flows. */
  groups(): readonly FlowGroup[] {
    return this.#parts.groups.all().map(({ type, status, count }) => ({ type, status, count }));
  }

  /** Reads flows of one stream. */
  read(stream: FlowStream, range: FlowRange): readonly FlowEntry[] {
    const { rows, groups, attributes } = this.#parts;
    if (stream.of === "group") {
      const group = groups.find(stream.group);
      return group === undefined ? [] : this.#named(rows.readGroup(group, range), [group]);
    }
    const numbers = attributes.read(stream.attribute, range);
    return this.#named(numbers.flatMap((number) => rows.find(number) ?? []));
  }

  /** Reads flows whose keys begin with the prefix; `undefined` if they are too many to sort. */
  readKeys(prefix: string, range: FlowRange): readonly FlowEntry[] | undefined {
    const found = this.#parts.rows.readKeys(prefix, range);
    return found === undefined ? undefined : this.#named(found);
  }

  find(number: string): FlowEntry | undefined {
    const found = this.#parts.rows.find(number);
    return found === undefined ? undefined : this.#named([found])[0];
  }

  findKey(key: string): FlowEntry | undefined {
    const found = this.#parts.rows.findKey(key);
    return found === undefined ? undefined : this.#named([found])[0];
  }

  #named(
    entries: readonly StoredEntry[],
    groups: readonly StoredGroup[] = this.#parts.groups.all(),
  ): readonly FlowEntry[] {
    const byPlace = new Map(groups.map((group) => [group.place, group]));
    return entries.map(({ place, ...entry }) => {
      const { type = "", status = "pending" } = byPlace.get(place) ?? {};
      return { ...entry, type, status };
    });
  }

  get #parts(): Parts {
    return (this.#prepared ??= {
      rows: new FlowRows(this.#source),
      groups: new FlowGroups(this.#source),
      attributes: new FlowAttributeRows(this.#source),
    });
  }
}

/** Makes the changes of one transaction, and counts at its end. */
class Changes {
  readonly #parts: Parts;
  /** The places of groups, by their index in the batch. */
  #places: readonly number[] = [];
  readonly #added = new Map<number, number>();
  /** Rows to insert. A batch changes a flow once at most, so they can wait for each other. */
  readonly #inserted: FlowColumns[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  findGroups(names: readonly Pick<FlowGroup, "type" | "status">[]): void {
    this.#places = names.map((name) => this.#parts.groups.findOrAdd(name).place);
  }

  expire(key: string): void {
    const { rows, attributes } = this.#parts;
    const found = rows.findKey(key);
    if (found === undefined) return;
    const columns = columnsOf(found, found.place);
    this.#count(columns.place, -1);
    attributes.delete(columns);
    rows.delete(columns);
  }

  /** Changes a row. The place of each is the index of its group. */
  change(was: FlowColumns | undefined, is: FlowColumns | undefined): void {
    const { rows, attributes } = this.#parts;
    const isSame = was?.high === is?.high && was?.low === is?.low;
    if (was !== undefined) {
      this.#count(this.#placeOf(was), -1);
      if (was.attributes !== null) attributes.delete(was);
      if (!isSame) rows.delete(was);
    }
    if (is === undefined) return;
    const place = this.#placeOf(is);
    this.#count(place, 1);
    const columns = { ...is, place };
    if (isSame) rows.update(columns);
    else this.#inserted.push(columns);
    if (is.attributes !== null) attributes.add(is);
  }

  end(): void {
    const { rows, groups } = this.#parts;
    rows.insert(this.#inserted);
    groups.addToCounts(this.#added);
  }

  #placeOf({ place }: FlowColumns): number {
    const found = this.#places[place];
    if (found === undefined) throw new RangeError(`the batch names no group ${place}`);
    return found;
  }

  #count(place: number, by: number): void {
    this.#added.set(place, (this.#added.get(place) ?? 0) + by);
  }
}
