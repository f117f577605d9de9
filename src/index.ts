export type { Address } from "./core/message/address.ts";
export type { Clock } from "./core/host/clock.ts";
export type { Duration } from "./core/validation/duration.ts";
export { ERROR_CODES } from "./core/errors/error-codes.ts";
export type { ErrorCode } from "./core/errors/error-codes.ts";
export { HandbackError } from "./core/errors/errors.ts";
export type { CommitStats, EngineStats } from "./core/engine/engine-stats.ts";
export type { FieldsFirstLog } from "./core/host/fields-first-log.ts";
export { silent } from "./core/host/log.ts";
export type { LineCounts, LineKind } from "./core/host/line-kinds.ts";
export type { Log } from "./core/host/log.ts";
export type { StandardSchemaV1 } from "./core/validation/standard-schema.ts";
export { value } from "./core/state/value.ts";
export type { ValueOptions, ValueSpec, ValueType } from "./core/state/value.ts";
export { embedded } from "./embedded.ts";
export type { Embedded, EmbeddedOptions, HistoryOptions } from "./embedded.ts";
export type { BackupOptions } from "./engines/embedded/lifecycle/backup.ts";
export { memory } from "./stores/memory/memory.ts";
export { sqlite } from "./stores/sqlite/sqlite.ts";
export type { FunctionBill } from "./engines/embedded/execution/function-meter.ts";
export type { Store } from "./stores/store.ts";
export type {
  Client,
  FlowHandle,
  FlowStatus,
  ResultOptions,
  SignalOptions,
  StartOptions,
  WaitsOptions,
} from "./futures/client/client.ts";
export type { BulkOptions, BulkReport } from "./futures/client/bulk/run-in-bulk.ts";
export type { Cursor } from "./futures/client/journal/cursor.ts";
export type {
  EventsOptions,
  FlowEvent,
  HistoryEntry,
  FlowHistoryOptions,
  ReadHistoryOptions,
} from "./futures/client/journal/history-entry.ts";
export type { HistoryDetailOptions } from "./futures/types/define.ts";
export type { StreamItem, StreamOptions } from "./futures/client/journal/stream-item.ts";
export type {
  Context,
  ContinueOptions,
  InvokeOptions,
  MessageOptions,
  QueryContext,
  SendOptions,
  SettleOptions,
  Waited,
  WaitOptions,
} from "./futures/types/context.ts";
export type {
  DefineFn,
  DefineStateful,
  FunctionOptions,
  Handler,
  MessageFunctionOptions,
  Operations,
  RetryPolicy,
  StateOf,
  StatefulFunction,
  StatefulOptions,
  WhenFailed,
} from "./futures/types/define.ts";
export type { FlowsFilter, FlowsOptions } from "./futures/listing/flow-filter.ts";
export type { FlowSummary } from "./futures/listing/flow-summary.ts";
export type {
  DeadLettersOptions,
  DeadLettersPage,
} from "./futures/client/stored/list-dead-letters.ts";
export type {
  ListedState,
  StatesOptions,
  StatesPage,
} from "./futures/client/stored/list-states.ts";
export type { FlowsPage } from "./futures/listing/list-flows.ts";
export type { Page, Pages } from "./futures/listing/pages.ts";
export type { FailOptions, ResumeOptions } from "./futures/repair/repair-options.ts";
export type { RestartOptions } from "./futures/types/restart.ts";
export type { PausedCall } from "./futures/types/paused-call.ts";
export type { DeadLetterReport } from "./futures/client/stored/dead-letter.ts";
export type { Sink } from "./futures/run/egress.ts";
export type { Failure } from "./futures/types/failure.ts";
export { handbackCode } from "./futures/types/handback-code.ts";
export type { FlowBill } from "./futures/flow/bill.ts";
export type { FlowWaits, Waiting } from "./futures/flow/wait-graph.ts";
export { fn } from "./futures/define/fn.ts";
export type {
  AnyInvokable,
  Fn,
  InputOf,
  Invokable,
  Named,
  OutputOf,
  StatefulFn,
} from "./futures/types/function.ts";
export type { Future, PromiseFuture, Settlement, StateFuture } from "./futures/types/future.ts";
export { FutureHandle } from "./futures/types/handle.ts";
export type { RunEnding } from "./futures/types/run-ending.ts";
export { isRetryable } from "./futures/define/retryable.ts";
export { isInvokable } from "./futures/define/is-invokable.ts";
export type { Accepts, MessageOf, RawMessageOf, TypedMessage } from "./futures/types/message.ts";
export { NEW_STATE } from "./futures/types/new-state.ts";
export type { NewState, StateId } from "./futures/types/new-state.ts";
export type { Resolvable } from "./futures/types/resolvable.ts";
export type { Resolved } from "./futures/types/resolved.ts";
export { stateful } from "./futures/define/stateful.ts";
