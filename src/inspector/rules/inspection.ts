/** A change that a person makes in the inspector. */
export type InspectorAction =
  | "cancel"
  | "pause"
  | "resume"
  | "fail"
  | "restart"
  | "restart-with-new-keys"
  | "redrive"
  | "discard"
  | "pause-function"
  | "resume-function";

/** A request to the inspector: to look, or to change something. */
export interface Inspection {
  readonly action: "look" | InspectorAction;
  /** Key of the flow that changes. */
  readonly flow?: string;
  /** The paused call of the flow. */
  readonly call?: string;
  /** Type of the function that changes. */
  readonly function?: string;
  /** Id of the dead letter. */
  readonly letter?: string;
}

/** Decides if a request is allowed. It must not read the body. */
export type AuthorizeInspection = (
  request: Request,
  inspection: Inspection,
) => boolean | string | Response | Promise<boolean | string | Response>;

/** An action that a person has confirmed. */
export interface AuditEntry extends Omit<Inspection, "action"> {
  readonly action: InspectorAction;
  /** Instant, in ms since the epoch. */
  readonly at: number;
  /** Name of the person, if `authorize` gave one. */
  readonly by: string | undefined;
}

/** Records an action before it is carried out. */
export type Audit = (entry: AuditEntry) => void | Promise<void>;
