export type { Access, Authorize } from "./requests/access.ts";
export { asyncHttp } from "./async-http.ts";
export type { FlowReport } from "./flow-report.ts";
export type { AsyncHttpOptions } from "./options.ts";
export type { InputIssue, Problem, ProblemCode } from "./responses/problem.ts";
export { serveHttp } from "./serve-http.ts";
export type { HttpServer, ServeOptions } from "./serve-http.ts";
