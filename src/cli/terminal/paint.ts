/** Codes of the terminal for the styles that commands use: to begin, and to end. */
const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

/** A style of text. */
export type Style = keyof typeof STYLES;

/** Gives a text a style, if the output shows colors. */
export type Paint = (style: Style, text: string) => string;

/** Makes a {@link Paint}. */
export function paintFor(hasColor: boolean): Paint {
  return (style, text) => {
    const [begin, end] = STYLES[style];
    return hasColor && text !== "" ? `\u001b[${begin}m${text}\u001b[${end}m` : text;
  };
}
