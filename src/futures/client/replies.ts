import type { Encoded } from "../../core/codec/encoded.ts";
import type { RepairReply } from "../repair/paused-calls.ts";
import type { RestartReply } from "../flow/restart-flow.ts";
import type { FlowRecord } from "../flow/record/flow-record.ts";

/** The control data of the replies to messages that ask for one, by function and message. */
export interface Replies {
  readonly cell: {
    readonly settleByToken: Outcome<
      "settled" | "same" | "fulfilled" | "rejected" | "cancelled" | "unknown"
    >;
  };
  readonly secret: { readonly read: { readonly secret: string } };
  readonly process: { readonly claim: { readonly number: number } };
  readonly pause: {
    readonly begin: Outcome<"paused" | "same">;
    readonly end: Outcome<"resumed" | "notPaused">;
  };
  readonly flow: {
    readonly start: StartReply | Settlement;
    readonly query: { readonly record: FlowRecord | null; readonly outcome?: Encoded };
    readonly signal: Outcome<
      "signalled" | "over" | "unknown" | "full" | "manyEvents" | "undeclared" | "conflict"
    >;
    readonly cancel: Outcome<"cancelled" | "over" | "unknown">;
    readonly purge: Outcome<"purged" | "pending" | "unknown">;
    readonly pause: Outcome<"paused" | "unknown"> | (Outcome<"over"> & { readonly status: string });
    readonly repair: RepairReply;
    readonly restart: RestartReply;
  };
}

/** The outcome of a start. */
export type StartReply = Outcome<"started" | "attached" | "conflict" | "reserved"> & {
  /** What the flow was started with: the function, its operation, and the id of its state. */
  readonly type: string;
  readonly name?: string;
  readonly stateId?: string;
};

/** The settlement of a flow. Its value or failure is the payload. */
export type Settlement = { readonly ok: boolean; readonly outcome?: undefined };

type Outcome<Words extends string> = { readonly outcome: Words };
