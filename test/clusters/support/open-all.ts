/** Says how to close what was opened. */
export type OnClose = (close: () => unknown) => void;

/**
 * Opens several things. Returns them with a function that closes them, the last one first. If one
 * cannot be opened, those before it are closed.
 */
export async function openAll<Opened extends object>(
  open: (onClose: OnClose) => Promise<Opened>,
): Promise<Opened & { close(): Promise<void> }> {
  const closers: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const each of closers.splice(0).toReversed()) await each();
  };
  try {
    return { ...(await open((each) => void closers.push(each))), close };
  } catch (error) {
    await close();
    throw error;
  }
}
