import { CLOCK_METHODS } from "../../core/host/host-methods.ts";
import type { Clock } from "../../core/host/clock.ts";
import type { FieldsFirstLog } from "../../core/host/fields-first-log.ts";
import { guardedLog } from "../../core/host/guarded-log.ts";
import { logOption } from "../../core/host/log-option.ts";
import type { Log } from "../../core/host/log.ts";
import {
  callback,
  checkedBy,
  invalidOption,
  objectWith,
  anything,
  readOptions,
  withDefault,
} from "../../core/validation/options.ts";
import type { OptionTable } from "../../core/validation/options.ts";
import { checkedClock } from "../../engines/embedded/host/checked-clock.ts";
import { consoleLog } from "../../engines/embedded/host/console-log.ts";
import { systemClock } from "../../engines/embedded/host/system-clock.ts";
import { specOf } from "../../futures/define/spec.ts";
import type { Approval } from "../../patterns/approval/approval-options.ts";
import { approvalTokens } from "../../patterns/approval/approval-tokens.ts";
import type { Ballot } from "../../patterns/approval/ballot.ts";

/** What a page says about a request. */
export interface RequestDescription {
  /** The question, in one line. */
  readonly title: string;
  /** More text, below it. Line breaks count. */
  readonly text?: string;
  /** Facts, by their names, such as `{ Amount: "90 EUR" }`. */
  readonly facts?: Readonly<Record<string, string | number>>;
  /** The person who asks. Default: the requester of the approval, if it names one. */
  readonly from?: string;
}

/** Options of `approvalPages`. */
export interface ApprovalPagesOptions<Input> {
  /** The approval that people decide about. */
  readonly approval: Approval<Input, unknown>;
  /** The secret, or secrets, of the `approvalTokens` that sign the links. */
  readonly secret: string | Uint8Array | readonly (string | Uint8Array)[];
  /** Says what is asked, from the input of the request. A text alone is the title. */
  readonly describe: (
    input: Input,
    request: Omit<Ballot, "waiting">,
  ) => string | RequestDescription;
  /** Time zone of the instants on pages, such as `"Europe/Berlin"`. Default: `"UTC"`. */
  readonly timeZone?: string;
  /** Language of the dates on pages, such as `"de"`. Default: `"en-GB"`. */
  readonly locale?: string;
  /** Log for failed requests. Its entries contain no links. Default: warnings and errors go to `console`. */
  readonly log?: Log | FieldsFirstLog;
  /** Clock that decides if a link has expired. Default: the system clock. */
  readonly clock?: Clock;
}

/** As the app sees it: the type of the input is the concern of `describe`. */
type Describe = ApprovalPagesOptions<unknown>["describe"];

const OPTIONS = {
  approval: checkedBy<Approval<unknown, unknown>>(readApproval),
  secret: anything(),
  describe: callback<Describe>(),
  timeZone: withDefault("UTC", checkedBy<string>(readTimeZone)),
  locale: withDefault("en-GB", checkedBy<string>(readLocale)),
  log: withDefault(consoleLog, logOption),
  clock: withDefault(systemClock, objectWith<Clock>(CLOCK_METHODS)),
} satisfies OptionTable<ApprovalPagesOptions<unknown>>;

/** The rules of an app, made from its options. */
export type ApprovalPagesRules = ReturnType<typeof approvalPagesRules>;

/** Checks the options and makes the rules of an app. @throws `INVALID_OPTIONS` */
export function approvalPagesRules(options: ApprovalPagesOptions<unknown>) {
  const { secret, timeZone, locale, ...rules } = readOptions("approvalPages", OPTIONS, options);
  const log = guardedLog(rules.log, () => undefined);
  const clock = checkedClock("approvalPages", rules.clock, (fault) =>
    log.error(`the clock: ${fault}`),
  );
  const format = new Intl.DateTimeFormat(locale, {
    dateStyle: "medium",
    timeStyle: "short",
    timeZone,
  });
  return {
    ...rules,
    log,
    clock,
    tokens: approvalTokens({ secret: secret as ApprovalPagesOptions<unknown>["secret"] }),
    /** Writes an instant for people. */
    dateOf: (instant: number): string => `${format.format(instant)} ${timeZone}`,
  };
}

function readApproval(value: unknown, name: string): Approval<unknown, unknown> {
  const isApproval =
    specOf(value)?.state !== undefined &&
    ["decide", "delegate", "withdraw", "view"].every((operation) =>
      Object.hasOwn(value as object, operation),
    );
  if (isApproval) return value as Approval<unknown, unknown>;
  throw invalidOption(name, "an approval made by approval()", value);
}

function readTimeZone(value: unknown, name: string): string {
  if (typeof value === "string" && isKnown({ timeZone: value })) return value;
  throw invalidOption(name, 'a time zone such as "Europe/Berlin"', value);
}

function readLocale(value: unknown, name: string): string {
  if (typeof value === "string" && value !== "" && isKnown({}, value)) return value;
  throw invalidOption(name, 'a language such as "de"', value);
}

function isKnown(options: Intl.DateTimeFormatOptions, locale = "en"): boolean {
  try {
    void new Intl.DateTimeFormat(locale, options);
    return true;
  } catch {
    return false;
  }
}
