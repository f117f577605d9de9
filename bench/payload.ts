/** What every operation carries: 200 bytes of text. */
export const PAYLOAD = "0123456789".repeat(20);
