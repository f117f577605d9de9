import { noticePage } from "./pages.ts";

/** Pages that say why there is nothing to decide. They show nothing of a request. */
export const INVALID = noticePage(
  "This link is not valid",
  "Perhaps a part of it was cut off. Ask for a new one.",
);
export const EXPIRED = noticePage(
  "This link has expired",
  "The time to decide is over. Nothing was changed.",
);
export const GONE = noticePage(
  "This request is gone",
  "It has ended some time ago. Nothing was changed.",
);
export const TOO_LARGE = noticePage("That is too long", "Go back, and write a shorter comment.");
export const INCOMPLETE = noticePage(
  "Nothing was decided",
  "Go back, and press one of the buttons.",
);
export const FAILED = noticePage(
  "Something went wrong",
  "Nothing may have been decided. Try again in a minute.",
);
