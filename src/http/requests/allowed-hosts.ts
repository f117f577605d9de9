import { invalidOption } from "../../core/validation/options.ts";
import { hostnameOf } from "./request-url.ts";

/** Hosts under which a browser on this machine reaches a server that only this machine reaches. */
const LOOPBACK_HOSTS: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** Names of hosts without port, or `"any"`. */
export type Hosts = readonly string[] | "any";

/**
 * Reads a list of host names. @throws `INVALID_OPTIONS`
 */
export function readHosts(value: unknown, name: string): Hosts {
  if (value === "any") return value;
  if (Array.isArray(value) && value.every(isHost)) return value.map((host) => host.toLowerCase());
  throw invalidOption(name, 'a list of hosts without ports such as "api.example", or "any"', value);
}

/**
 * Returns the hosts under which a server answers by default: for a loopback address the names of
 * this machine, else any. A page of another site cannot reach a loopback address under its own
 * name, except by letting that name point here (DNS rebinding).
 */
export function defaultHosts(address: string): Hosts {
  const isLoopback = address === "::1" || /^(::ffff:)?127\./.test(address);
  return isLoopback ? [...LOOPBACK_HOSTS, address] : "any";
}

/** Returns true if a request names an allowed host. */
export function isForHost({ url }: Request, hosts: Hosts): boolean {
  return hosts === "any" || hosts.includes(hostnameOf(url));
}

function isHost(value: unknown): value is string {
  if (typeof value !== "string" || !URL.canParse(`http://${value}/`)) return false;
  return new URL(`http://${value}/`).hostname === value.toLowerCase();
}
