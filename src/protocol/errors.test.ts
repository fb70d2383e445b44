import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorCode, errorByCode, ERRORS, KafkaError } from "./errors.ts";

describe("error codes", () => {
  it("are unique and found by number and by name", () => {
    const codes = Object.values(ERRORS).map(([code]) => code);
    assert.equal(new Set(codes).size, codes.length);
    assert.equal(ErrorCode.PRODUCER_FENCED, 90);
    assert.equal(errorByCode(90).name, "PRODUCER_FENCED");
    assert.equal(errorByCode(12345).name, "UNKNOWN_SERVER_ERROR");
  });

  it("say in every error what it means and whether to try again", () => {
    const error = new KafkaError("NOT_COORDINATOR", "Broker 3 does not coordinate group g; ask FindCoordinator again.");
    assert.equal(error.code, "NOT_COORDINATOR");
    assert.equal(error.errorCode, 16);
    assert.equal(error.retriable, true);
    assert.match(error.message, /^NOT_COORDINATOR: Broker 3/);
    assert.equal(KafkaError.fromCode(90).retriable, false);
    for (const [name, [, , text]] of Object.entries(ERRORS)) assert.match(text, /^[A-Za-z].*\.$/, name);
  });

  it("agree with another client's list on every name and number they share", async () => {
    const { protocolErrors } = await import("@platformatic/kafka");
    for (const [name, other] of Object.entries(protocolErrors as Record<string, { code: number; canRetry: boolean }>)) {
      const ours = ERRORS[name as keyof typeof ERRORS];
      assert.ok(ours !== undefined, `${name} is missing`);
      assert.equal(ours[0], other.code, name);
      assert.equal(ours[1], other.canRetry, `${name}: retriable`);
    }
  });
});
