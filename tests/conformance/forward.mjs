// Hands requests on to a gateway and adds an agent's token, which the conformance suites cannot send. Works on the
// bytes of the connection: nothing is kept back, both ways, and nothing but these is changed in a request's head:
// the token is added, and `Host` and `Origin` name the gateway where they named this helper's own address.
//
//   DOORWARD_TOKEN=… node forward.mjs --to HOST:PORT     prints `listening on URL` once it does

import { connect, createServer } from "node:net";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { to: { type: "string" } } });
const token = process.env.DOORWARD_TOKEN;
const [toHost, toPort] = values.to?.split(":") ?? [];
if (!toPort || !token) {
  console.error("usage: DOORWARD_TOKEN=… node forward.mjs --to HOST:PORT");
  process.exit(2);
}

const END_OF_HEAD = Buffer.from("\r\n\r\n");
const END_OF_LINE = Buffer.from("\r\n");

/** The requests of one connection, one after the other: heads are changed, bodies pass as they are. */
class Requests {
  #own;
  #waiting = Buffer.alloc(0);
  #passing = 0;
  #next = this.#head;

  constructor(own) {
    this.#own = own;
  }

  /** What can be sent on, now that these bytes have come. */
  take(bytes) {
    this.#waiting = Buffer.concat([this.#waiting, bytes]);
    const ready = [];
    for (let part = this.#next(); part !== undefined; part = this.#next()) ready.push(part);
    return Buffer.concat(ready);
  }

  #cut(length) {
    const part = this.#waiting.subarray(0, length);
    this.#waiting = this.#waiting.subarray(length);
    return part;
  }

  /** Everything up to and with `mark`; undefined while it has not come. */
  #until(mark) {
    const at = this.#waiting.indexOf(mark);
    return at < 0 ? undefined : this.#cut(at + mark.length);
  }

  #head() {
    const head = this.#until(END_OF_HEAD)?.toString("latin1");
    if (head === undefined) return undefined;
    const [, length] = /\r\ncontent-length:[ \t]*(\d+)/i.exec(head) ?? [];
    if (/\r\ntransfer-encoding:[ \t]*chunked/i.test(head)) this.#next = this.#chunkSize;
    else if (Number(length) > 0) this.#pass(Number(length), this.#head);
    return Buffer.from(this.#changed(head), "latin1");
  }

  #changed(head) {
    const named = head
      .replace(/(\r\nhost:[ \t]*)([^\r\n]*?)([ \t]*)(?=\r\n)/i, (line, before, host, after) =>
        host === this.#own ? before + values.to + after : line,
      )
      .replace(/(\r\norigin:[ \t]*)([^\r\n]*?)([ \t]*)(?=\r\n)/i, (line, before, origin, after) =>
        origin === `http://${this.#own}` ? `${before}http://${values.to}${after}` : line,
      );
    return named.replace(/\r\n/, `\r\nAuthorization: Bearer ${token}\r\n`);
  }

  #pass(length, then) {
    this.#passing = length;
    this.#next = () => {
      if (this.#waiting.length === 0) return undefined;
      const part = this.#cut(Math.min(this.#passing, this.#waiting.length));
      this.#passing -= part.length;
      if (this.#passing === 0) this.#next = then;
      return part;
    };
  }

  #chunkSize() {
    const line = this.#until(END_OF_LINE);
    if (line === undefined) return undefined;
    const size = Number.parseInt(line.toString("latin1"), 16);
    if (size > 0) this.#pass(size + END_OF_LINE.length, this.#chunkSize);
    else this.#next = this.#trailer;
    return line;
  }

  #trailer() {
    const line = this.#until(END_OF_LINE);
    if (line?.length === END_OF_LINE.length) this.#next = this.#head;
    return line;
  }
}

const server = createServer({ noDelay: true }, (client) => {
  const gateway = connect({ host: toHost, port: Number(toPort), noDelay: true });
  const requests = new Requests(`127.0.0.1:${server.address().port}`);
  client.on("data", (bytes) => {
    if (!gateway.write(requests.take(bytes))) client.pause();
  });
  gateway.on("drain", () => client.resume());
  gateway.on("data", (bytes) => {
    if (!client.write(bytes)) gateway.pause();
  });
  client.on("drain", () => gateway.resume());
  client.on("end", () => gateway.end());
  gateway.on("end", () => client.end());
  for (const [one, other] of [[client, gateway], [gateway, client]]) {
    one.on("error", () => other.destroy());
    one.on("close", () => other.destroy());
  }
});
server.listen(0, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
