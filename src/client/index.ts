export { ERROR_CODES } from "../core/errors/error-codes.ts";
export type { ErrorCode } from "../core/errors/error-codes.ts";
export { HandbackError } from "../core/errors/errors.ts";
export type { CommitStats, EngineStats } from "../core/engine/engine-stats.ts";
export type { LineCounts, LineKind } from "../core/host/line-kinds.ts";
export { createClient } from "./create-client.ts";
export type { RemoteClient } from "./remote-client.ts";
export type { ClientOptions } from "./requests/client-options.ts";
export type { FunctionIn, NameIn } from "./types/functions.ts";
export type { Plain } from "./types/plain.ts";
export type {
  RemoteFlow,
  RemoteItem,
  RemoteSignalOptions,
  RemoteStartOptions,
  RemoteStatus,
  RemoteStreamOptions,
  RequestOptions,
} from "./types/remote-flow.ts";
