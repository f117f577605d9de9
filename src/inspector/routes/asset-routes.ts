import { ICON } from "../assets/icon.ts";
import { LIVE_SCRIPT } from "../assets/live-script.ts";
import { STYLE } from "../assets/style.ts";
import { assetAnswer } from "./page-answer.ts";
import type { PageRoute } from "./page-route.ts";

/** The routes of the files that pages load. */
export function assetRoutes(): Readonly<Record<string, PageRoute>> {
  const file = (text: string, type: string): PageRoute => ({ get: () => assetAnswer(text, type) });
  return {
    "/assets/style.css": file(STYLE, "text/css; charset=utf-8"),
    "/assets/live.js": file(LIVE_SCRIPT, "text/javascript; charset=utf-8"),
    "/assets/icon.svg": file(ICON, "image/svg+xml"),
  };
}
