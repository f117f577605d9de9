import { inspector } from "handback/inspector";
import type { InspectorOptions } from "handback/inspector";
import { openShop } from "./sample-shop.ts";
import type { Shop } from "./sample-shop.ts";
import type { EmbeddedOptions } from "handback";

/** A page with its text. */
export interface Visited {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A shop with its inspector. */
export interface InspectedShop extends Shop {
  readonly visit: (path: string, init?: RequestInit) => Promise<Visited>;
  /** Confirms an action as a browser does: reads its form, and sends it. */
  readonly confirm: (path: string, init?: RequestInit) => Promise<Visited>;
}

/** Opens the sample shop, and its inspector. */
export async function openInspector(
  options: Partial<InspectorOptions> = {},
  engineOptions: Partial<EmbeddedOptions> = {},
): Promise<InspectedShop> {
  const shop = await openShop(engineOptions);
  const { engine, functions, clock } = shop;
  const app = inspector({ engine, functions, clock, ...options });
  const visit = async (path: string, init?: RequestInit): Promise<Visited> => {
    const request = new Request(new URL(path, "http://localhost"), init);
    const answer = await clock.until(Promise.resolve(app.fetch(request)));
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  const confirm = async (path: string, init: RequestInit = {}): Promise<Visited> => {
    const { text } = await visit(path, init);
    return visit(path, formRequest({ proof: proofIn(text) }, init.headers));
  };
  return { ...shop, visit, confirm };
}

/** Returns the proof in the form of a page. */
export function proofIn(text: string): string {
  return /name="proof" value="([^"]*)"/.exec(text)?.[1] ?? "";
}

/** Makes the request of a form. */
export function formRequest(
  fields: Record<string, string>,
  headers: RequestInit["headers"] = {},
): RequestInit {
  const body = new URLSearchParams(fields).toString();
  const all = new Headers(headers);
  all.set("content-type", "application/x-www-form-urlencoded");
  all.set("content-length", String(body.length));
  return { method: "POST", body, headers: all };
}
