export { chain } from "./chain/chain.ts";
export type { DefineChain } from "./chain/chain.ts";
export { choose } from "./chain/choose.ts";
export { keep } from "./chain/keep.ts";
export { parallel } from "./chain/parallel.ts";
export type { PatternName } from "./composing/pattern-name.ts";
export type { ComposedStep, Step } from "./composing/step.ts";
export { tap } from "./chain/tap.ts";
export type { OnFailure } from "./fan-out/failure-policy.ts";
export { fanOut } from "./fan-out/fan-out.ts";
export type { DefineFanOut, FanOutOptions } from "./fan-out/fan-out.ts";
export type { BranchOutcome, FanOutReport } from "./fan-out/report.ts";
export { aggregator } from "./aggregator/aggregator.ts";
export type { Added, Aggregator, AggregatorState } from "./aggregator/aggregator.ts";
export type { AggregatorOptions, Batch } from "./aggregator/aggregator-options.ts";
export { approval } from "./approval/approval.ts";
export type {
  Approval,
  ApprovalOptions,
  ApprovalRequest,
  ApprovalResult,
  ApprovalState,
  AuditRecord,
} from "./approval/approval-options.ts";
export { approvalTokens } from "./approval/approval-tokens.ts";
export type {
  ApprovalClaims,
  ApprovalTokens,
  Invitation,
  ReadInvitation,
  VerifiedToken,
} from "./approval/approval-tokens.ts";
export type {
  Approver,
  AuditEntry,
  Ballot,
  BallotStatus,
  Decision,
  DecisionAnswer,
  Delegation,
  Recorded,
  Withdrawal,
} from "./approval/ballot.ts";
export type { FlushReason } from "./aggregator/batch-buffer.ts";
export { monitor } from "./monitor.ts";
export type { MonitorOptions, MonitorResult } from "./monitor.ts";
export type { Destination } from "./composing/destination.ts";
export { repeat } from "./repeat.ts";
export type { RepeatOptions } from "./repeat.ts";
export { retry } from "./retry/retry.ts";
export type { RetryOptions } from "./retry/retry.ts";
export { retryLater, terminal } from "./retry/retry-errors.ts";
export { saga } from "./saga/saga.ts";
export type { DefineSaga } from "./saga/saga.ts";
export type { CompensatedStep, SagaStep } from "./composing/saga-step.ts";
export { toMermaid } from "./diagram/to-mermaid.ts";
export { withTimeout } from "./with-timeout.ts";
export type { TimeoutOptions } from "./with-timeout.ts";
