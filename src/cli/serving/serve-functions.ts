import { Hono } from "hono";
import { equalBytes } from "../../core/data/equal-bytes.ts";
import type { Log } from "../../core/host/log.ts";
import { consoleLog } from "../../engines/embedded/host/console-log.ts";
import { embedded } from "../../embedded.ts";
import type { Failure } from "../../futures/types/failure.ts";
import { handbackCode } from "../../futures/types/handback-code.ts";
import { asyncHttp } from "../../http/async-http.ts";
import type { Authorize } from "../../http/requests/access.ts";
import { pathnameOf } from "../../http/requests/request-url.ts";
import { serveHttp } from "../../http/serve-http.ts";
import { inspector } from "../../inspector/inspector.ts";
import type { LoadedFunction } from "../modules/load-functions.ts";
import type { Store } from "../../stores/store.ts";
import { sha256Of } from "./sha256.ts";

/** The server that a command runs. */
export interface Serving {
  readonly url: string;
  /** Lets running requests and handlers end, and closes the store. */
  close(): Promise<void>;
}

/** How to serve. */
export interface ServeSettings {
  readonly store: Store;
  readonly port: number;
  readonly host: string;
  /** The token that every request needs. Absent: none, which only a loopback address allows. */
  readonly token: string | undefined;
  /** Log of the engine and of requests. Default: warnings and errors go to `console`. */
  readonly log?: Log;
}

/** Runs an engine with these functions, and serves it over HTTP with the routes for operators. */
export async function serveFunctions(
  functions: readonly LoadedFunction[],
  { store, port, host, token, log = consoleLog }: ServeSettings,
): Promise<Serving> {
  const engine = await embedded({
    functions: functions.map(({ face }) => face),
    store,
    history: true,
    log,
  });
  try {
    const app = asyncHttp(engine.client, {
      // The operations of a pattern, such as the decision of an approval, are served, too.
      functions: functions.flatMap(({ face, operations }) => [face, ...operations]),
      operator: true,
      deadLetters: engine,
      stats: engine,
      log,
      authorize: allowToken(token),
      describeFailure: failureForOperators,
    });
    const pages = inspector({
      engine,
      functions: functions.map(({ face }) => face),
      basePath: INSPECTOR,
      log,
      // Every host that the server answers under is allowed: it is loopback, or there is a token.
      ...(token === undefined ? { hosts: "any" } : { token }),
    });
    const mounted = new Hono({ strict: false }).route(INSPECTOR, pages);
    const server = await serveHttp(
      {
        fetch: (request, env) =>
          isInspection(request.url) ? mounted.fetch(request, env) : app.fetch(request, env),
      },
      { port, hostname: host },
    );
    return {
      url: server.url,
      close: async () => {
        await server.close();
        await engine.close();
      },
    };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** Path of the inspector. */
const INSPECTOR = "/inspector";

function isInspection(url: string): boolean {
  const path = pathnameOf(url);
  return path === INSPECTOR || path.startsWith(`${INSPECTOR}/`);
}

/** Allows the requests that carry the token. Digests are compared, so time tells nothing. */
function allowToken(token: string | undefined): Authorize {
  if (token === undefined) return () => true;
  const expected = sha256Of(`Bearer ${token}`);
  return (request) => {
    const given = request.headers.get("authorization") ?? "";
    if (equalBytes(sha256Of(given), expected)) return true;
    const headers = { "WWW-Authenticate": "Bearer" };
    return given === "" ? new Response(null, { status: 401, headers }) : false;
  };
}

/** The person who runs the server may read the messages of failures, but needs no stacks. */
function failureForOperators(failure: Failure): unknown {
  const { name, message } = failure;
  return { code: handbackCode(failure) ?? "FUNCTION_FAILED", name, message };
}
