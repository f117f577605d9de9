import type { Ballot } from "./ballot.ts";

/** The number of votes that end a request. */
export interface Quorum {
  /** Approvals that approve. */
  readonly approvals: number;
  /** Of these approvals, the number that each role must give. */
  readonly roles: Readonly<Record<string, number>>;
  /** Rejections that reject. */
  readonly rejections: number;
}

/**
 * Returns the outcome of the decisions so far. At the last escalation level (`isLast`), a request
 * whose quorum can no longer be reached is rejected.
 */
export function quorumOutcome(
  ballot: Ballot,
  quorum: Quorum,
  isLast: boolean,
): "open" | "approved" | "rejected" {
  const approvals = ballot.decisions.filter(({ decision }) => decision === "approve");
  if (ballot.decisions.length - approvals.length >= quorum.rejections) return "rejected";
  if (suffices(approvals, quorum)) return "approved";
  if (!isLast || ballot.approvers === undefined) return "open";
  const undecided = ballot.approvers.filter(
    ({ person }) => !ballot.decisions.some(({ by }) => by === person),
  );
  return suffices([...approvals, ...undecided], quorum) ? "open" : "rejected";
}

function suffices(
  approvers: readonly { readonly role?: string }[],
  { approvals, roles }: Quorum,
): boolean {
  const has = (role: string): number =>
    approvers.filter((approver) => approver.role === role).length;
  return (
    approvers.length >= approvals &&
    Object.entries(roles).every(([role, count]) => has(role) >= count)
  );
}
