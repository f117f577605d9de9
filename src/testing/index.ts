export { AssertionError } from "./assertion/assertion-error.ts";
export type { TestedCapability } from "./conformance/case/capability.ts";
export type { MakeOptions, EngineUnderTest } from "./conformance/case/engine-under-test.ts";
export { crashing } from "./test-doubles/crashing.ts";
export type { Crash, CrashMode, CrashPoint } from "./simulation/faults/crash.ts";
export type { Egress } from "./simulation/record/egress-log.ts";
export { everyCrash } from "./simulation/run/every-crash.ts";
export type { CrashReport, EveryCrashOptions } from "./simulation/run/every-crash.ts";
export { failing } from "./test-doubles/failing.ts";
export type { Faults } from "./simulation/faults/faults.ts";
export type { Machine } from "./simulation/host/host.ts";
export type { FlowReport, StateReport } from "./simulation/inspect/inspection.ts";
export type { Meter } from "./simulation/inspect/meter.ts";
export { mock } from "./test-doubles/mock.ts";
export type { Implementation } from "./test-doubles/mock.ts";
export { expectNoDoubleBilling } from "./simulation/run/no-double-billing.ts";
export type { Outcome } from "./simulation/run/outcome.ts";
export type { Call } from "./test-doubles/call-record.ts";
export { record } from "./test-doubles/record.ts";
export type { Run } from "./simulation/run/run.ts";
export type { Schedule } from "./simulation/faults/schedule.ts";
export { schedules } from "./simulation/faults/schedules.ts";
export type { SchedulesOptions } from "./simulation/faults/schedules.ts";
export { SeededRandom } from "./simulation/faults/seeded-random.ts";
export { simulate } from "./simulation/run/simulate.ts";
export type { Simulated } from "./simulation/run/simulate.ts";
export type { SimulateOptions } from "./simulation/run/simulation-options.ts";
export { slow } from "./test-doubles/slow.ts";
export { testEngine } from "./conformance/test-engine.ts";
export type {
  EngineTest,
  MissingCapability,
  TestEngineOptions,
} from "./conformance/test-engine.ts";
export type { TraceEvent } from "./simulation/record/trace.ts";
export { VirtualClock } from "./simulation/machine/virtual-clock.ts";
