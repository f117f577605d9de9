/** The icon of all pages: bars of a waterfall. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3.5" fill="#2f6f5e"/><path d="M3 5h5M6 8h5M9 11h4" stroke="#fff" stroke-width="1.8" stroke-linecap="round"/></svg>`;
