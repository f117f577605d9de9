import { note, withApprovers } from "./ballot.ts";
import type { Ballot } from "./ballot.ts";

/** When those who are to decide are told again: on each rung of the ladder, and as reminders. */
export interface Reminding {
  /** Rungs in the order of their times: so long after the first were asked, others are, too. */
  readonly ladder: readonly { readonly afterMs: number }[];
  readonly remind: { readonly everyMs: number; readonly times: number } | undefined;
}

/** The request after what is due now: all rungs whose time has come, or else one reminder, however long it was put off. The same if nothing is. */
export function toldAgain(ballot: Ballot, rules: Reminding, now: number): Ballot {
  let told = ballot;
  for (
    let level = ballot.level;
    (rungAt(ballot, rules, level) ?? Number.POSITIVE_INFINITY) <= now;
    level++
  ) {
    const more = ballot.rungs?.[level];
    const raised = more === undefined ? told : withApprovers(told, more);
    told = note({ ...raised, level: level + 1, toldAt: now }, { at: now, action: "escalated" });
  }
  if (told !== ballot || (reminderAt(ballot, rules) ?? Number.POSITIVE_INFINITY) > now) return told;
  return note(
    { ...ballot, reminders: ballot.reminders + 1, toldAt: now },
    { at: now, action: "reminded" },
  );
}

/** The next instant at which anything is due, its end included, in ms since the epoch; `undefined` when nothing is any more. */
export function nextDueAt(ballot: Ballot, rules: Reminding): number | undefined {
  const instants = [
    ballot.expiresAt,
    rungAt(ballot, rules, ballot.level),
    reminderAt(ballot, rules),
  ].filter((at) => at !== undefined);
  return instants.length === 0 ? undefined : Math.min(...instants);
}

function rungAt({ askedAt }: Ballot, { ladder }: Reminding, level: number): number | undefined {
  const rung = ladder[level];
  return rung && askedAt + rung.afterMs;
}

function reminderAt({ reminders, toldAt }: Ballot, { remind }: Reminding): number | undefined {
  return remind === undefined || reminders >= remind.times ? undefined : toldAt + remind.everyMs;
}
