const MAX_SCANNED_LENGTH = 48;
const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_SURROGATE = 0xd800;

/**
 * Writes a string as JSON does. About twice as fast as JSON.stringify for short strings without
 * escapes, which most are.
 */
export function quote(text: string): string {
  if (text.length > MAX_SCANNED_LENGTH) return JSON.stringify(text);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < SPACE || unit === QUOTE || unit === BACKSLASH || unit >= FIRST_SURROGATE)
      return JSON.stringify(text);
  }
  return `"${text}"`;
}
