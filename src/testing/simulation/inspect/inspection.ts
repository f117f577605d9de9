import type { Address } from "../../../core/message/address.ts";
import type { NamedValue } from "../../../core/activation/effects.ts";
import { readFrom } from "../../../core/engine/committed-read.ts";
import type { CommittedView } from "../../../core/engine/committed-read.ts";
import type { Engine } from "../../../core/engine/engine.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import { pendingWorkOf } from "../../../engines/embedded/commit/pending-work.ts";
import { Client } from "../../../futures/client/client.ts";
import type { FlowStatus } from "../../../futures/client/client.ts";
import type { StatefulFunction } from "../../../futures/types/define.ts";
import { FLOW_VALUE, decodeFlowRecord } from "../../../futures/flow/record/flow-record.ts";
import type { FlowBill } from "../../../futures/flow/bill.ts";
import { attachSpec } from "../../../futures/define/spec.ts";
import type { FunctionSpec } from "../../../futures/define/spec.ts";
import { SYSTEM } from "../../../futures/protocol/system.ts";
import type { Disk } from "../machine/disk.ts";

/** A flow of a simulation. */
export interface FlowReport
  extends FlowBill, Pick<FlowStatus, "status" | "custom" | "startedAt" | "settledAt" | "failure"> {
  /** The flow's key. */
  readonly id: string;
  /** Type of the function that was started. */
  readonly function: string;
}

/** One state of a function. */
export interface StateReport {
  /** Type of the function. */
  readonly function: string;
  readonly id: string;
  readonly state: object;
}

/** The parts of a world that an inspection reads. */
export interface InspectionParts {
  readonly disk: Disk;
  readonly now: () => number;
  readonly knows: (type: string) => boolean;
  readonly payloadLimit: number;
}

/**
 * Reads committed data from the disk itself: while an engine runs, between two engines, and after
 * the last.
 */
export class Inspection {
  readonly #disk: Disk;
  readonly #client: Client;

  constructor({ disk, now, knows, payloadLimit }: InspectionParts) {
    this.#disk = disk;
    const refuse = (): never => {
      throw new HandbackError("CLOSED", "the simulation is over: its disk can only be read");
    };
    const view: CommittedView = {
      values: (address) => this.#snapshot(address),
      pendingWork: (scope) =>
        pendingWorkOf(this.#disk.content, scope, ({ target }) =>
          knows(target.type) ? undefined : "not registered",
        ),
    };
    const engine: Engine = {
      storeId: "",
      capabilities: new Set(["snapshotRead"]),
      now,
      knows,
      read: async (reader) => readFrom(view, reader()),
      nextFlow: refuse,
      nextRequest: refuse,
      ask: refuse,
      listen: refuse,
    };
    this.#client = new Client(engine, payloadLimit);
  }

  state<State>(f: StatefulFunction<State>, id: string): Promise<State> {
    return this.#client.readState(f, id);
  }

  bill(flow: string): Promise<FlowBill> {
    return this.#client.bill(flow);
  }

  /** Returns all states of the given functions. */
  async states(specs: Iterable<FunctionSpec>): Promise<readonly StateReport[]> {
    const reports: StateReport[] = [];
    for (const spec of specs) {
      const f = attachSpec({ type: spec.type }, spec) as StatefulFunction<object>;
      for (const { id } of spec.state === undefined ? [] : this.#disk.addresses(spec.type)) {
        const state = await this.state(f, id).catch(ignoreNotFound);
        if (state !== undefined) reports.push({ function: spec.type, id, state });
      }
    }
    return reports.toSorted(byName);
  }

  async flows(): Promise<readonly FlowReport[]> {
    const reports: FlowReport[] = [];
    for (const address of this.#disk.addresses(SYSTEM.flow)) {
      const record = this.#snapshot(address).find(({ name }) => name === FLOW_VALUE)?.value.content
        .json;
      if (record === undefined) continue;
      const { id } = address;
      const { status, custom, startedAt, settledAt, failure } = await this.#client.status(id);
      const bill = await this.#client.bill(id);
      reports.push({
        id,
        function: decodeFlowRecord(record).type,
        status,
        custom,
        startedAt,
        settledAt,
        failure,
        ...bill,
      });
    }
    return reports.toSorted(byName);
  }

  #snapshot(address: Address): readonly NamedValue[] {
    return this.#disk.content.readState(address);
  }
}

function ignoreNotFound(error: unknown): undefined {
  if (!HandbackError.is(error, "NOT_FOUND")) throw error;
}

function byName(
  one: { readonly function: string; readonly id: string },
  other: typeof one,
): number {
  const [a, b] = [`${one.function} ${one.id}`, `${other.function} ${other.id}`];
  return a === b ? 0 : a < b ? -1 : 1;
}
