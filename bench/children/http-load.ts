/** Sends the same request over many connections, each kept alive, and counts the answers. */
import { connect } from "node:net";
import { childInput, report } from "../measure/child-process.ts";
import { callFor } from "../measure/load.ts";

/** The requests to send. */
export interface HttpLoad {
  readonly port: number;
  readonly path: string;
  /** JSON in ASCII. */
  readonly body: string;
  /** Text that each right answer contains. */
  readonly expected: string;
  readonly connections: number;
  readonly seconds: number;
}

/** The answers that came. */
export interface HttpLoaded {
  readonly answers: number;
  readonly seconds: number;
  /** Characters in the body of the last answer. */
  readonly length: number;
}

const { port, path, body, expected, connections, seconds } = childInput<HttpLoad>();
const REQUEST = [
  `POST ${path} HTTP/1.1`,
  `Host: 127.0.0.1:${port}`,
  "Content-Type: application/json",
  `Content-Length: ${body.length}`,
  "",
  body,
].join("\r\n");
const END_OF_HEAD = "\r\n\r\n";

/** Opens a connection. Each call sends the request and returns the body of its answer. */
async function openConnection(): Promise<{ ask(): Promise<string>; close(): void }> {
  const socket = connect(port, "127.0.0.1");
  socket.setEncoding("latin1");
  let received = "";
  let asked = Promise.withResolvers<string>();
  socket.on("data", (text: string) => {
    received += text;
    const head = received.indexOf(END_OF_HEAD);
    if (head < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(received.slice(0, head))?.[1]);
    const answer = received.slice(head + END_OF_HEAD.length);
    if (answer.length < length) return;
    received = "";
    asked.resolve(answer);
  });
  socket.on("error", (error) => asked.reject(error));
  socket.on("close", () => asked.reject(new Error("the server closed a connection")));
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  return {
    ask() {
      asked = Promise.withResolvers<string>();
      socket.write(REQUEST);
      return asked.promise;
    },
    close: () => socket.removeAllListeners("close").destroy(),
  };
}

let length = 0;
const open = await Promise.all(Array.from({ length: connections }, openConnection));
const done = await callFor(seconds, connections, async (n) => {
  const answer = await open[n % connections]?.ask();
  if (answer?.includes(expected) !== true) throw new Error(`the answer is wrong: ${answer}`);
  ({ length } = answer);
});
for (const connection of open) connection.close();
report({ answers: done.calls, seconds: done.seconds, length } satisfies HttpLoaded);
