import { note, withApprovers } from "./ballot.ts";
import type { Ballot } from "./ballot.ts";

/** The instants at which approvers are asked again: at each escalation level, and as reminders. */
export interface ReminderRules {
  /** Escalation levels, in the order of their times since the request. */
  readonly escalation: readonly { readonly afterMs: number }[];
  readonly remind: { readonly everyMs: number; readonly times: number } | undefined;
}

/**
 * Returns the request after all escalation levels that are due, or else after one reminder, however
 * late it is. Returns the same request if nothing is due.
 */
export function remindOrEscalate(ballot: Ballot, rules: ReminderRules, now: number): Ballot {
  let told = ballot;
  for (
    let level = ballot.level;
    (levelDueAt(ballot, rules, level) ?? Number.POSITIVE_INFINITY) <= now;
    level++
  ) {
    const added = ballot.levels?.[level];
    const raised = added === undefined ? told : withApprovers(told, added);
    told = note({ ...raised, level: level + 1, toldAt: now }, { at: now, action: "escalated" });
  }
  if (told !== ballot || (reminderAt(ballot, rules) ?? Number.POSITIVE_INFINITY) > now) return told;
  return note(
    { ...ballot, reminders: ballot.reminders + 1, toldAt: now },
    { at: now, action: "reminded" },
  );
}

/** Returns the next instant at which anything is due, in ms since the epoch, expiry included. */
export function nextDueAt(ballot: Ballot, rules: ReminderRules): number | undefined {
  const instants = [
    ballot.expiresAt,
    levelDueAt(ballot, rules, ballot.level),
    reminderAt(ballot, rules),
  ].filter((at) => at !== undefined);
  return instants.length === 0 ? undefined : Math.min(...instants);
}

function levelDueAt(
  { askedAt }: Ballot,
  { escalation }: ReminderRules,
  level: number,
): number | undefined {
  const reached = escalation[level];
  return reached && askedAt + reached.afterMs;
}

function reminderAt({ reminders, toldAt }: Ballot, { remind }: ReminderRules): number | undefined {
  return remind === undefined || reminders >= remind.times ? undefined : toldAt + remind.everyMs;
}
