import {
  callback,
  checkedBy,
  durationMs,
  invalidOption,
  nested,
  optional,
  readOptions,
  record,
  wholeNumber,
  withDefault,
} from "../../core/validation/options.ts";
import type { OptionTable, ReadOptions } from "../../core/validation/options.ts";
import type { Duration } from "../../core/validation/duration.ts";
import { checkId, checkName } from "../../core/validation/names.ts";
import type { StatefulFunction } from "../../futures/types/define.ts";
import type { Invokable, StatefulFn } from "../../futures/types/function.ts";
import type {
  Approver,
  AuditEntry,
  Ballot,
  Decision,
  DecisionAnswer,
  Delegation,
  Recorded,
  Withdrawal,
} from "./ballot.ts";
import { readPatternName } from "../composing/pattern-name.ts";
import type { PatternName } from "../composing/pattern-name.ts";
import { destination, invokable } from "../composing/option-checks.ts";
import type { Destination } from "../composing/destination.ts";

/** The input of `ask` and `onTimeout`. */
export interface ApprovalRequest<Input> {
  /** Type of the approval, `namespace/name`. */
  readonly approval: string;
  /** Id for decisions: `client.call(approved.decide, decision, { id })`. */
  readonly id: string;
  /** Unique name of this request. A decision with this name counts for no other request. */
  readonly request: string;
  readonly input: Input;
  /** Escalation level and number of reminders so far, both from 0. */
  readonly level: number;
  readonly reminder: number;
  /** People who have not decided yet. Absent if anyone may decide. */
  readonly approvers?: readonly Approver[];
  readonly decisions: readonly Recorded[];
  readonly askedAt: number;
  readonly expiresAt?: number;
}

/** The result of an approval. */
export type ApprovalResult<Ended = never> = {
  readonly decisions: readonly Recorded[];
  readonly audit: readonly AuditEntry[];
} & (
  | { readonly status: "approved" | "rejected" | "withdrawn" }
  | ([Ended] extends [never]
      ? { readonly status: "expired" }
      : { readonly status: "expired"; readonly value: Ended })
);

/** Options of `approval`. */
export interface ApprovalOptions<Input, Ended = never> {
  /**
   * Asks the approvers: at first, at each reminder, and at each escalation level. If the first call
   * fails, so does the approval.
   */
  readonly ask: Invokable<ApprovalRequest<Input>, unknown>;
  /** Returns the people who may decide. Default: anyone. */
  readonly approvers?: (input: Input) => readonly (string | Approver)[];
  /** Returns the requester, who may not decide and is the only one who may withdraw. */
  readonly requester?: (input: Input) => string;
  /** Number of people whose approvals approve the request, from 1. Default: 1. */
  readonly quorum?: number;
  /** Of these approvals, the number that each role must give. Needs `approvers`. */
  readonly roles?: Readonly<Record<string, number>>;
  /** Number of people whose rejections reject the request, from 1. Default: 1. */
  readonly rejections?: number;
  /** Reminds the approvers `every` so often, at most `times` times. Default of `times`: 10. */
  readonly remind?: { readonly every: Duration; readonly times?: number };
  /**
   * Escalation levels, in the order of their times. Each asks again and adds approvers when this
   * much time has passed since the request. All levels name their approvers when the request is
   * made, so a mistake shows at once.
   */
  readonly escalation?: readonly {
    readonly after: Duration;
    readonly approvers?: (input: Input) => readonly (string | Approver)[];
  }[];
  /** Longest time for the whole request. Default: no limit. */
  readonly timeout?: Duration;
  /** Is called when the request expires. Its output is the result's `value`. */
  readonly onTimeout?: Invokable<ApprovalRequest<Input>, Ended>;
  /** Receives each audit entry, in the same commit as the change it describes. */
  readonly audit?: Destination<AuditRecord>;
  /** Time for which an ended request still answers late decisions. Default: `"30d"`. */
  readonly keepFor?: Duration;
}

/** An audit entry, and the request it is about. */
export interface AuditRecord extends AuditEntry {
  readonly approval: string;
  readonly id: string;
  readonly request: string;
}

/** The stored values of an approval. */
export interface ApprovalState {
  /** The current request, or the last one. */
  ballot?: Ballot | undefined;
  /** Ended requests whose callers do not have the result yet. */
  ended: readonly Ballot[];
  /** Decisions that arrived before there was a request. */
  early: readonly Decision[];
}

/** A function that asks people for a decision. It is its own operation `request`. */
export interface Approval<Input, Ended = never>
  extends StatefulFn<Input, ApprovalResult<Ended>>, StatefulFunction<ApprovalState> {
  readonly type: string;
  /** Asks and waits. @throws `ALREADY_OPEN` if a request with this id is open */
  readonly request: StatefulFn<Input, ApprovalResult<Ended>>;
  /** Decides the request of an id. The caller must verify the name in `by`. */
  readonly decide: StatefulFn<Decision, DecisionAnswer>;
  /** Gives an unused vote to a person who has none. */
  readonly delegate: StatefulFn<Delegation, DecisionAnswer>;
  /** Takes the request back. */
  readonly withdraw: StatefulFn<Withdrawal, DecisionAnswer>;
  /** Returns the request of an id, or `undefined` if there is none. */
  readonly view: StatefulFn<void, Omit<Ballot, "waiting"> | undefined>;
}

type Options = ApprovalOptions<unknown, unknown>;
type Remind = NonNullable<Options["remind"]>;
type Escalation = NonNullable<Options["escalation"]>[number];
type People = NonNullable<Options["approvers"]>;

const COUNT = wholeNumber({ from: 1 });

const REMIND_OPTIONS = {
  every: durationMs(),
  times: withDefault(10, COUNT),
} satisfies OptionTable<Remind>;

const LEVEL_OPTIONS = {
  after: durationMs(),
  approvers: optional(callback<People>()),
} satisfies OptionTable<Escalation>;

const APPROVER_OPTIONS = {
  person: checkedBy<string>((person) => checkId(person, "a person")),
  role: optional(checkedBy<string>((role) => checkName(role, "a role"))),
} satisfies OptionTable<Approver>;

const OPTIONS = {
  ask: invokable<ApprovalRequest<unknown>, unknown>(),
  approvers: optional(callback<People>()),
  requester: optional(callback<NonNullable<Options["requester"]>>()),
  quorum: withDefault(1, COUNT),
  roles: withDefault({}, record<number>()),
  rejections: withDefault(1, COUNT),
  remind: optional(nested<typeof REMIND_OPTIONS, Remind>(REMIND_OPTIONS)),
  escalation: withDefault([], checkedBy<readonly Level[], readonly Escalation[]>(readEscalation)),
  timeout: optional(durationMs()),
  onTimeout: optional(invokable<ApprovalRequest<unknown>, unknown>()),
  audit: optional(destination<AuditRecord>()),
  keepFor: withDefault("30d", durationMs()),
} satisfies OptionTable<Options>;

/** One escalation level: its time since the request, and the approvers that it adds. */
type Level = ReadOptions<typeof LEVEL_OPTIONS>;

function readEscalation(value: unknown, name: string): readonly Level[] {
  if (!Array.isArray(value)) throw invalidOption(name, "a list", value);
  const level = nested<typeof LEVEL_OPTIONS, Escalation>(LEVEL_OPTIONS);
  const levels = Array.from(value as readonly unknown[], (given, at) =>
    level.read(given, name.replace(/ of |$/, `[${at}]$&`)),
  );
  if (levels.some(({ after }, at) => after < (levels[at - 1]?.after ?? 0)))
    throw invalidOption(name, "levels in the order of their times", value);
  return levels;
}

/** The rules of an approval, made from its options. Times are in ms. */
export type ApprovalRules = ReturnType<typeof approvalRules>;

/**
 * Checks the options and makes the rules of an approval.
 *
 * @throws `INVALID_OPTIONS`, `INVALID_DELAY`, `INVALID_NAME`
 */
export function approvalRules(name: PatternName, options: Options) {
  const { type, aliases } = readPatternName(name);
  const read = readOptions(type, OPTIONS, options);
  const { ask, approvers, requester, onTimeout, audit, quorum, roles, rejections } = read;
  for (const [role, count] of Object.entries(roles)) COUNT.read(count, `roles.${role} of ${type}`);
  const needsApprovers = Object.keys(roles).length > 0 ? "roles" : undefined;
  const addsApprovers = read.escalation.some((level) => level.approvers !== undefined);
  const reason = needsApprovers ?? (addsApprovers ? "the approvers of a level" : undefined);
  if (approvers === undefined && reason !== undefined)
    throw invalidOption(`approvers of ${type}`, `a function, because ${reason} need it`, undefined);
  return {
    type,
    aliases,
    ask,
    approvers,
    requester,
    onTimeout,
    audit,
    quorum: { approvals: quorum, roles, rejections },
    escalation: read.escalation.map(({ after, approvers: added }) => ({
      afterMs: after,
      approvers: added,
    })),
    remind: read.remind && { everyMs: read.remind.every, times: read.remind.times },
    timeoutMs: read.timeout,
    keepMs: read.keepFor,
  };
}

/**
 * Reads people given by name, or by name and role.
 *
 * @throws `INVALID_KEY`, `INVALID_NAME`, `INVALID_OPTIONS`
 */
export function readApprovers(
  what: string,
  people: readonly (string | Approver)[],
): readonly Approver[] {
  if (!Array.isArray(people)) throw invalidOption(what, "a list of people", people);
  return (people as readonly (string | Approver)[]).map((given) => {
    const approver = typeof given === "string" ? { person: given } : given;
    const { person, role } = readOptions(`a person of ${what}`, APPROVER_OPTIONS, approver);
    return role === undefined ? { person } : { person, role };
  });
}
