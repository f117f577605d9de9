import { HandbackError } from "../../core/errors/errors.ts";

/** Options of `createClient`. */
export interface ClientOptions {
  /**
   * Headers of every request, such as `authorization`, or a function that returns them. It is called
   * for each request, so a token can be renewed.
   */
  readonly headers?: HeaderSource;
  /**
   * Sends a request. Default: the global `fetch`. Give one to send cookies to another origin:
   * `(url, init) => fetch(url, { ...init, credentials: "include" })`.
   */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /**
   * Time, in ms, for which requests are sent again while the server does not answer. It begins anew
   * with each answer. A request that might count twice is sent once. Default: 60,000.
   */
  readonly patienceMs?: number;
  /**
   * Time, in ms, after which a stream that sends nothing is opened again. Longer than the option
   * `heartbeat` of the server. Default: 45,000.
   */
  readonly silenceMs?: number;
}

type HeaderRecord = Readonly<Record<string, string>>;
type HeaderSource = HeaderRecord | (() => HeaderRecord | Promise<HeaderRecord>);

/** The server, and how requests reach it. */
export interface Connection extends Required<ClientOptions> {
  /** The address at which the server mounts the app, without a slash at its end. */
  readonly base: string;
}

const KNOWN: ReadonlySet<string> = new Set(["headers", "fetch", "patienceMs", "silenceMs"]);

/** Checks the address and the options. @throws `INVALID_OPTIONS` */
export function readConnection(url: unknown, options: ClientOptions): Connection {
  if (typeof options !== "object" || options === null)
    throw refusedOption("options of createClient: expected an object");
  for (const name of Object.keys(options))
    if (!KNOWN.has(name))
      throw refusedOption(
        `options of createClient: unknown option ${JSON.stringify(name)}; known are ${[...KNOWN].join(", ")}`,
      );
  const { headers = {}, fetch = sendGlobally, patienceMs = 60_000, silenceMs = 45_000 } = options;
  if (typeof headers !== "function" && (typeof headers !== "object" || headers === null))
    throw refusedOption("headers of createClient: expected an object or a function");
  if (typeof fetch !== "function")
    throw refusedOption("fetch of createClient: expected a function");
  return {
    base: readBase(url),
    headers,
    fetch,
    patienceMs: readMs("patienceMs", patienceMs),
    silenceMs: readMs("silenceMs", silenceMs),
  };
}

/** The global function is looked up for each request, because some programs replace it later. */
function sendGlobally(url: string, init: RequestInit): Promise<Response> {
  return globalThis.fetch(url, init);
}

/** Reads an address such as `https://api.example/flows-of-shop`, or a path in a browser. */
function readBase(url: unknown): string {
  const expected = 'expected the address of the server, such as "https://api.example/api"';
  if (typeof url !== "string") throw refusedOption(`createClient: ${expected}`);
  const isPath = url.startsWith("/") && !url.startsWith("//");
  const address = isPath ? `http://localhost${url}` : url;
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address))
    throw refusedOption(`createClient: ${expected}`);
  const { search, hash, username } = new URL(address);
  if (`${search}${hash}${username}` !== "")
    throw refusedOption(`createClient: ${expected}, without a query, a fragment and a user`);
  return url.replace(/\/+$/, "");
}

function readMs(name: string, ms: unknown): number {
  if (typeof ms === "number" && ms >= 0) return ms;
  throw refusedOption(`${name} of createClient: expected a number of ms from 0`);
}

function refusedOption(why: string): HandbackError {
  return new HandbackError("INVALID_OPTIONS", why);
}
