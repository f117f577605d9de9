export { inspector } from "./inspector.ts";
export type { InspectedEngine, InspectorOptions } from "./rules/options.ts";
export type {
  Audit,
  AuditEntry,
  AuthorizeInspection,
  Inspection,
  InspectorAction,
} from "./rules/inspection.ts";
