// What only real sockets can do: peers that never close, addresses that resolve twice, resets by the kernel.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { nodeNetwork } from "./node-network.ts";

test("end() does not wait for ever for a peer that goes on sending and never closes", { timeout: 10_000 }, async () => {
  let accepted: (closed: Promise<Error | undefined>) => void;
  const serverSide = new Promise<Error | undefined>((resolve) => (accepted = resolve));
  const listener = await nodeNetwork.listen({ host: "127.0.0.1", port: 0 }, (connection) => {
    accepted(new Promise((resolve) => connection.handle({ data: () => connection.end(), close: resolve })));
  });
  const socket = connect({ host: "127.0.0.1", port: listener.address.port, allowHalfOpen: true }).on("error", () => undefined);
  const sending = setInterval(() => socket.write("more"), 20);
  await serverSide;
  clearInterval(sending);
  socket.destroy();
  await listener.close();
});

test("a refused connect to a name with several addresses has the code of one refusal", async () => {
  const listener = await nodeNetwork.listen({ host: "127.0.0.1", port: 0 }, () => undefined);
  await listener.close();
  await assert.rejects(nodeNetwork.connect({ host: "localhost", port: listener.address.port }), { code: "ECONNREFUSED" });
});

test("a peer that does not answer is ETIMEDOUT after the time given", async () => {
  // 192.0.2.0/24 is reserved for documentation: nothing answers, or the route is refused at once.
  await assert.rejects(nodeNetwork.connect({ host: "192.0.2.1", port: 9 }, { timeoutMs: 50 }), (error: NodeJS.ErrnoException) =>
    /^(ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ECONNREFUSED)$/.test(error.code!),
  );
});

test("a peer that resets the connection is a close with ECONNRESET", async () => {
  let accepted: (closed: Promise<Error | undefined>) => void;
  const serverSide = new Promise<Error | undefined>((resolve) => (accepted = resolve));
  const listener = await nodeNetwork.listen({ host: "127.0.0.1", port: 0 }, (connection) => {
    accepted(new Promise((resolve) => connection.handle({ data: () => undefined, close: resolve })));
  });
  const socket = connect({ host: "127.0.0.1", port: listener.address.port }, () => socket.resetAndDestroy());
  const error = (await serverSide) as NodeJS.ErrnoException;
  assert.equal(error.code, "ECONNRESET");
  await listener.close();
});
