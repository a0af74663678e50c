import { createPrivateKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { makeSecret } from "../../shared/scripts/development.ts";
import { namesIn } from "../../shared/scripts/keys.ts";

describe("local secrets", () => {
  it("are Ed25519 private keys where they sign, else 32 random bytes", () => {
    const key = createPrivateKey({ key: JSON.parse(makeSecret("TICKET_SIGNING_KEY")), format: "jwk" });
    expect(key.asymmetricKeyType).toBe("ed25519");
    expect(Buffer.from(makeSecret("HOLD_KEY"), "base64url")).toHaveLength(32);
    expect(makeSecret("HOLD_KEY")).not.toBe(makeSecret("HOLD_KEY"));
  });

  it("are not written again where a file names them", () => {
    expect(namesIn('A=\'1\'\n  export B = "x=y"\n# C=1\nD_2=\'{"d":"E=1"}\'\n')).toEqual(new Set(["A", "B", "D_2"]));
  });
});
