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
import { destination, invokable } from "../composing/option-checks.ts";
import type { Destination } from "../composing/destination.ts";

/** What those are told who are to decide, or who take over when nobody has. */
export interface ApprovalRequest<Input> {
  /** Type of the approval, `namespace/name`. */
  readonly approval: string;
  /** Where decisions go: `client.call(approved.decide, decision, { id })`. */
  readonly id: string;
  /** Names this request; a decision that says so counts for no other. */
  readonly request: string;
  readonly input: Input;
  /** Escalation level and number of reminders so far, both from 0. */
  readonly level: number;
  readonly reminder: number;
  /** Who may still decide; absent: anyone. */
  readonly approvers?: readonly Approver[];
  readonly decisions: readonly Recorded[];
  readonly askedAt: number;
  readonly expiresAt?: number;
}

/** What an approval comes to. */
export type ApprovalResult<Ended = never> = {
  readonly decisions: readonly Recorded[];
  readonly audit: readonly AuditEntry[];
} & (
  | { readonly status: "approved" | "rejected" | "withdrawn" }
  | ([Ended] extends [never]
      ? { readonly status: "expired" }
      : { readonly status: "expired"; readonly value: Ended })
);

/** Who is asked, how often, until when, and how many have to agree. */
export interface ApprovalOptions<Input, Ended = never> {
  /** Asks the approvers: first, for each reminder, and at each escalation level. If the first call fails, so does the approval. */
  readonly ask: Invokable<ApprovalRequest<Input>, unknown>;
  /** Who may decide; default: whoever `decide` is called for. */
  readonly approvers?: (input: Input) => readonly (string | Approver)[];
  /** Who has asked, and so may not decide; and who alone may withdraw. */
  readonly requester?: (input: Input) => string;
  /** Approvals, of as many people, that approve; default 1. */
  readonly quorum?: number;
  /** Approvals that are needed of each role, among them. */
  readonly roles?: Readonly<Record<string, number>>;
  /** Rejections, of as many people, that reject; default 1. */
  readonly rejections?: number;
  /** Reminds those who are to decide; `times` at most, default 10. */
  readonly remind?: { readonly every: Duration; readonly times?: number };
  /**
   * Levels of escalation, in the order of their times. Each asks again, and adds approvers, once that much time has passed
   * since the request. All approvers are named when the request is made, so a mistake shows at once.
   */
  readonly escalation?: readonly {
    readonly after: Duration;
    readonly approvers?: (input: Input) => readonly (string | Approver)[];
  }[];
  /** How long all of it may take; default: as long as it takes. */
  readonly timeout?: Duration;
  /** Is called when time is up; what it gives is the result's `value`. */
  readonly onTimeout?: Invokable<ApprovalRequest<Input>, Ended>;
  /** Gets each entry of the audit, with the commit of what it tells. */
  readonly audit?: Destination<AuditRecord>;
  /** How long after its end a request answers those who come late; default `"30d"`. */
  readonly keepFor?: Duration;
}

/** An entry of the audit, and which request it is about. */
export interface AuditRecord extends AuditEntry {
  readonly approval: string;
  readonly id: string;
  readonly request: string;
}

/** What is kept of a request: the ballot; and decisions that nobody has asked for yet. */
export interface ApprovalState {
  ballot?: Ballot | undefined;
  /** Requests that have ended, and those who wait for that are about to be told. */
  ended: readonly Ballot[];
  early: readonly Decision[];
}

/** A function that asks people and waits for what they decide. It is its own operation `request`. */
export interface Approval<Input, Ended = never>
  extends StatefulFn<Input, ApprovalResult<Ended>>, StatefulFunction<ApprovalState> {
  readonly type: string;
  /** Asks, and waits. @throws `ALREADY_OPEN` when there is an open request of this id */
  readonly request: StatefulFn<Input, ApprovalResult<Ended>>;
  /** Decides the request of an id. Who calls vouches for who decides. */
  readonly decide: StatefulFn<Decision, DecisionAnswer>;
  /** Hands somebody's vote on to somebody who has none. */
  readonly delegate: StatefulFn<Delegation, DecisionAnswer>;
  /** Takes the request back. */
  readonly withdraw: StatefulFn<Withdrawal, DecisionAnswer>;
  /** How the request of an id stands; `undefined` when there is none. */
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

/** One escalation level: when it is reached, and who may decide from then on. */
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

/** Checks the options and makes the rules of an approval. @throws `INVALID_OPTIONS`, `INVALID_DELAY`, `INVALID_NAME` */
export function approvalRules(type: string, options: Options) {
  const read = readOptions(type, OPTIONS, options);
  const { ask, approvers, requester, onTimeout, audit, quorum, roles, rejections } = read;
  for (const [role, count] of Object.entries(roles)) COUNT.read(count, `roles.${role} of ${type}`);
  const needsApprovers = Object.keys(roles).length > 0 ? "roles" : undefined;
  const addsApprovers = read.escalation.some((level) => level.approvers !== undefined);
  const reason = needsApprovers ?? (addsApprovers ? "the approvers of a level" : undefined);
  if (approvers === undefined && reason !== undefined)
    throw invalidOption(`approvers of ${type}`, `a function, because ${reason} need it`, undefined);
  return {
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

/** Reads people given by name, or by name and role. @throws `INVALID_KEY`, `INVALID_NAME`, `INVALID_OPTIONS` */
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
