import type { Ballot } from "./ballot.ts";

/** How many have to say what. */
export interface Quorum {
  /** Approvals that approve. */
  readonly approvals: number;
  /** Approvals that are needed of each role, among them. */
  readonly roles: Readonly<Record<string, number>>;
  /** Rejections that reject. */
  readonly rejections: number;
}

/** What the decisions come to, when there is nobody else to be asked (`isLast`) or when there is. */
export function outcomeOf(
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
