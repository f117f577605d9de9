const ALPHABET = new TextEncoder().encode(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
);
const PADDING = "=".charCodeAt(0);
const NO_DIGIT = 64;

const DIGIT_OF = new Uint8Array(256).fill(NO_DIGIT);
ALPHABET.forEach((code, digit) => (DIGIT_OF[code] = digit));

/** The length of the base64 text of `byteLength` bytes. */
export function base64Length(byteLength: number): number {
  return Math.ceil(byteLength / 3) * 4;
}

/** Writes bytes as padded base64. */
export function toBase64(bytes: Uint8Array): string {
  const codes = new Uint8Array(base64Length(bytes.length)).fill(PADDING);
  let to = 0;
  for (let from = 0; from < bytes.length; from += 3) {
    const left = bytes.length - from;
    const group =
      (byteAt(bytes, from) << 16) | (byteAt(bytes, from + 1) << 8) | byteAt(bytes, from + 2);
    codes[to] = byteAt(ALPHABET, group >> 18);
    codes[to + 1] = byteAt(ALPHABET, (group >> 12) & 63);
    if (left > 1) codes[to + 2] = byteAt(ALPHABET, (group >> 6) & 63);
    if (left > 2) codes[to + 3] = byteAt(ALPHABET, group & 63);
    to += 4;
  }
  return new TextDecoder().decode(codes);
}

/** Reads what {@link toBase64} wrote; `undefined` for any other text, so that one array of bytes has one text. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const digits = text.length - padding;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let group = 0;
  for (let from = 0, to = 0; from < text.length; from += 4, to += 3) {
    group = 0;
    for (let at = from; at < from + 4; at++) {
      const digit = at < digits ? byteAt(DIGIT_OF, text.charCodeAt(at), NO_DIGIT) : 0;
      if (digit === NO_DIGIT) return undefined;
      group = (group << 6) | digit;
    }
    // The last group writes past the end what padding stands for; a typed array ignores that.
    bytes[to] = group >> 16;
    bytes[to + 1] = (group >> 8) & 255;
    bytes[to + 2] = group & 255;
  }
  const spareBits = padding === 2 ? 0xffff : padding === 1 ? 0xff : 0;
  return (group & spareBits) === 0 ? bytes : undefined;
}

function byteAt(bytes: Uint8Array, index: number, otherwise = 0): number {
  return bytes[index] ?? otherwise;
}
