import type { BaseFile } from "./base-file.ts";
import type { CommitMark } from "./commit-mark.ts";
import type { LastCommit } from "./last-commit.ts";
import type { WalFinding } from "./wal-verification.ts";

/** The files of a store before it is opened. */
export interface LogEvidence {
  readonly base: BaseFile;
  /** The log (`-wal`), and whether it has ever held a commit. */
  readonly log: WalFinding & { readonly wasUsed: boolean };
  /** The log under its second name, if that is another file than the log. */
  readonly secondLog: WalFinding | undefined;
  /** The last commit that was acknowledged, if that is known. */
  readonly lastCommit: LastCommit | undefined;
}

/**
 * The result of {@link judgeLog}.
 *
 * - `whole`: file and log together contain every commit.
 * - `copy`: a whole file that SQLite wrote as a copy of a store.
 * - `restore`: they do once the log is restored from its second name.
 * - `incomplete`: commits are missing.
 * - `foreign`: the log does not belong to the file, so it must not be applied to it.
 */
export type LogVerdict =
  | { readonly is: "whole" | "copy" | "restore" }
  | { readonly is: "incomplete" | "foreign"; readonly reason: string };

/**
 * Decides whether a file and its log belong together and contain every commit. The marks of commits
 * are numbered without gaps: the file holds one of them, and the log a range of them that continues
 * the file's.
 */
export function judgeLog(evidence: LogEvidence): LogVerdict {
  const { base, log } = evidence;
  const { mark, schemaVersion } = base;
  // A store of a former release has no marks, and the check for damage explains a damaged log.
  if (mark === undefined || log.damagedFrame !== undefined) return { is: "whole" };
  if (log.history !== undefined) return judgeUsedLog(evidence, mark);
  if (mark.schemaVersion !== schemaVersion) return { is: "copy" };
  if (mark.isClosed) return { is: "whole" };
  return judgeFile(evidence, mark);
}

/** Judges a file with a log that contains commits. */
function judgeUsedLog({ base, log, ...known }: LogEvidence, mark: CommitMark): LogVerdict {
  const { first, last, schemaVersion } = log.history ?? {};
  if (first === undefined || last === undefined) return { is: "whole" };
  const foreign = (reason: string): LogVerdict => ({ is: "foreign", reason });
  if (last.storeId !== mark.storeId) return foreign("the log belongs to another store");
  if (mark.commits > last.commits) return foreign("the log is older than the file");
  if (mark.commits < first.commits - 1) return foreign("the log is newer than the file");
  const isRewritten = mark.schemaVersion !== base.schemaVersion;
  if (isRewritten && schemaVersion !== base.schemaVersion)
    return foreign("the file was replaced by a copy, but the log was not deleted");
  return judgeCount(last, Math.max(...knownCounts(known, mark.storeId)));
}

/** Judges a file that has all of its commits itself, or lacks its log. */
function judgeFile({ log, ...known }: LogEvidence, mark: CommitMark): LogVerdict {
  const counts = knownCounts(known, mark.storeId);
  if (counts.length === 0)
    return log.wasUsed
      ? { is: "whole" }
      : { is: "incomplete", reason: "the store was not closed, and its log is missing" };
  const count = Math.max(...counts);
  const { first, last } = known.secondLog?.history ?? {};
  const isNext = last?.storeId === mark.storeId && first !== undefined;
  if (isNext && first.commits - 1 <= mark.commits && mark.commits < last.commits)
    return last.commits < count ? judgeCount(last, count) : { is: "restore" };
  return judgeCount(mark, count);
}

function judgeCount({ commits }: CommitMark, known: number): LogVerdict {
  if (known <= commits) return { is: "whole" };
  return { is: "incomplete", reason: `${known - commits} of its commits are missing` };
}

/** Returns the numbers that the last commit of a store is known to have had at least. */
function knownCounts(
  { secondLog, lastCommit }: Pick<LogEvidence, "secondLog" | "lastCommit">,
  storeId: string,
): readonly number[] {
  return [lastCommit, secondLog?.history?.last].flatMap((known) =>
    known?.storeId === storeId ? [known.commits] : [],
  );
}
