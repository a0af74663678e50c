import { createPrivateKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { developmentVars, makeSecret } from "../../shared/scripts/development.ts";
import { namesIn, withOrigin } from "../../shared/scripts/keys.ts";

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

describe("the mails' links", () => {
  it("lead to the port of the run, whatever the last one's was", () => {
    expect(developmentVars("notifications", "8788").API_ORIGIN).toBe("http://localhost:8788");
    expect(developmentVars("auth", "8788").ISSUER).toBe("http://localhost:8787");
    const file = "ENVIRONMENT='development'\nAPI_ORIGIN='http://localhost:8787'\nX='1'\n";
    expect(withOrigin(file, "http://localhost:8788")).toBe(file.replace("8787", "8788"));
    expect(withOrigin("API_ORIGIN=http://localhost:1\n", "http://localhost:8788")).toBe("API_ORIGIN='http://localhost:8788'\n");
  });

  it("stay where somebody sent them", () => {
    for (const chosen of ["API_ORIGIN='https://tunnel.example'\n", "OTHER='http://localhost:8787'\n"])
      expect(withOrigin(chosen, "http://localhost:8788")).toBe(chosen);
  });
});
