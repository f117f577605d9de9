export type { Access, Authorize } from "./requests/access.ts";
export { asyncHttp } from "./async-http.ts";
export { azureCompat } from "./azure-compat.ts";
export type { AzureCompatOptions } from "./azure/azure-options.ts";
export type { FlowReport } from "./responses/flow-report.ts";
export type { AsyncHttpOptions, DeadLetterKeeper, StatsSource } from "./routes/options.ts";
export type { InputIssue, Problem, ProblemCode } from "./responses/problem.ts";
export { serveHttp } from "./serve-http.ts";
export type { HttpServer, ServeOptions } from "./serve-http.ts";
