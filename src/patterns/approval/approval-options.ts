import { checkOptions } from "../../core/validation/check-options.ts";
import { parseDuration } from "../../core/validation/duration.ts";
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
import { checkCount, checkMapping, notAsExpected } from "../composing/option-checks.ts";
import { checkOutlet } from "../composing/destination.ts";
import type { Outlet } from "../composing/destination.ts";
import { checkInvokable } from "../composing/step.ts";

/** What those are told who are to decide, or who take over when nobody has. */
export interface ApprovalRequest<Input> {
  /** Type of the approval, `namespace/name`. */
  readonly approval: string;
  /** Where decisions go: `client.call(approved.decide, decision, { id })`. */
  readonly id: string;
  /** Names this request; a decision that says so counts for no other. */
  readonly request: string;
  readonly input: Input;
  /** Rung of the ladder, and reminders so far; both from 0. */
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
  /** Tells those who are to decide: at first, as a reminder, and on each rung of the ladder. If the first fails, so does the approval. */
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
   * Who is asked besides when so much time has passed since the first were. Rungs come in the order of their times. All are named
   * when the request is made, so that nothing can be wrong with them later.
   */
  readonly ladder?: readonly {
    readonly after: Duration;
    readonly approvers?: (input: Input) => readonly (string | Approver)[];
  }[];
  /** How long all of it may take; default: as long as it takes. */
  readonly timeout?: Duration;
  /** Is called when time is up; what it gives is the result's `value`. */
  readonly onTimeout?: Invokable<ApprovalRequest<Input>, Ended>;
  /** Gets each entry of the audit, with the commit of what it tells. */
  readonly audit?: Outlet<AuditRecord>;
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

const OPTIONS = [
  "ask",
  "approvers",
  "requester",
  "quorum",
  "roles",
  "rejections",
  "remind",
  "ladder",
  "timeout",
  "onTimeout",
  "audit",
  "keepFor",
];

/** The options as an approval goes by them: times in ms. */
export type ApprovalRules = ReturnType<typeof rulesOf>;

/** Checks the options, and makes times of durations. @throws `INVALID_OPTIONS`, `INVALID_DELAY`, `INVALID_NAME` */
export function rulesOf(type: string, options: ApprovalOptions<unknown, unknown>) {
  checkOptions(`options of ${type}`, options, OPTIONS);
  const {
    ask,
    approvers,
    requester,
    quorum = 1,
    roles = {},
    rejections = 1,
    remind,
    ladder = [],
    timeout,
    onTimeout,
    audit,
  } = options;
  const { keepFor = "30d" } = options;
  const of = (option: string): string => `${option} of ${type}`;
  checkInvokable(of("ask"), ask);
  if (onTimeout !== undefined) checkInvokable(of("onTimeout"), onTimeout);
  if (audit !== undefined) checkOutlet(of("audit"), audit);
  checkMapping(of("approvers"), approvers);
  checkMapping(of("requester"), requester);
  checkCount(of("quorum"), quorum);
  checkCount(of("rejections"), rejections);
  if (typeof roles !== "object" || roles === null || Array.isArray(roles))
    throw notAsExpected(of("roles"), "an object", roles);
  for (const [role, count] of Object.entries(roles)) checkCount(of(`roles.${role}`), count);
  if (Object.keys(roles).length > 0 && approvers === undefined)
    throw notAsExpected(of("approvers"), "a function, for roles to mean something", undefined);
  if (!Array.isArray(ladder)) throw notAsExpected(of("ladder"), "a list", ladder);
  const rungs = Array.from(
    ladder as NonNullable<ApprovalOptions<unknown>["ladder"]>,
    (rung, at) => {
      checkOptions(of(`ladder[${at}]`), rung, ["after", "approvers"]);
      checkMapping(of(`ladder[${at}].approvers`), rung.approvers);
      if (rung.approvers !== undefined && approvers === undefined)
        throw notAsExpected(
          of("approvers"),
          "a function, for those of a rung to mean something",
          undefined,
        );
      return {
        afterMs: parseDuration(rung.after, of(`ladder[${at}].after`)),
        approvers: rung.approvers,
      };
    },
  );
  if (rungs.some(({ afterMs }, at) => afterMs < (rungs[at - 1]?.afterMs ?? 0)))
    throw notAsExpected(of("ladder"), "rungs in the order of their times", ladder);
  return {
    ask,
    approvers,
    requester,
    onTimeout,
    audit,
    quorum: { approvals: quorum, roles, rejections },
    ladder: rungs,
    remind: remind === undefined ? undefined : remindersOf(of("remind"), remind),
    timeoutMs: timeout === undefined ? undefined : parseDuration(timeout, of("timeout")),
    keepMs: parseDuration(keepFor, of("keepFor")),
  };
}

function remindersOf(what: string, remind: NonNullable<ApprovalOptions<unknown>["remind"]>) {
  checkOptions(what, remind, ["every", "times"]);
  const { every, times = 10 } = remind;
  checkCount(`times of ${what}`, times);
  return { everyMs: parseDuration(every, `every of ${what}`), times };
}

/** People by name, or by name and role. @throws `INVALID_KEY`, `INVALID_OPTIONS` */
export function peopleOf(
  what: string,
  people: readonly (string | Approver)[],
): readonly Approver[] {
  if (!Array.isArray(people)) throw notAsExpected(what, "a list of people", people);
  const approvers = (people as readonly (string | Approver)[]).map((one) =>
    typeof one === "string" ? { person: one } : one,
  );
  for (const approver of approvers) {
    checkOptions(`a person of ${what}`, approver, ["person", "role"]);
    checkId(approver.person, `a person of ${what}`);
    if (approver.role !== undefined) checkName(approver.role, `a role of ${what}`);
  }
  return approvers;
}
