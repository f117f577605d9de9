/** The kinds of lines that an engine writes about its work. */
export const LINE_KINDS = [
  "flowFailed",
  "unhandledRejection",
  "detachedRejection",
  "retry",
  "handlerTimeout",
  "graceOver",
  "paused",
  "deadLetter",
  "parked",
  "unknownState",
  "egressFailed",
  "attributesDropped",
  "slotsTaken",
  "manyBlocked",
  "eventLoopBlocked",
] as const;

/** A kind of line that an engine writes about its work. */
export type LineKind = (typeof LINE_KINDS)[number];

/** A number for each kind of line. */
export type LineCounts = Readonly<Record<LineKind, number>>;
