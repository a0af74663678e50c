import { createPrivateKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { developmentVars, makeSecret } from "../../shared/scripts/development.ts";
import { namesIn, withPort } from "../../shared/scripts/keys.ts";

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

describe("where a run listens", () => {
  const moved = (text: string) => withPort(text, { ...developmentVars("auth", "8788"), API_ORIGIN: "http://localhost:8788" });

  it("is what mails lead to and what tokens name, whatever the last run's port was", () => {
    expect(developmentVars("notifications", "8788").API_ORIGIN).toBe("http://localhost:8788");
    for (const domain of ["auth", "gateway"] as const) {
      expect(developmentVars(domain, "8788").ISSUER).toBe("http://localhost:8788");
      expect(developmentVars(domain).ISSUER).toBe("http://localhost:8787");
    }
    const file = "ENVIRONMENT='development'\nISSUER='http://localhost:8787'\nAPI_ORIGIN='http://localhost:8787'\nX='1'\n";
    expect(moved(file)).toBe(file.replaceAll("8787", "8788"));
    expect(moved("API_ORIGIN=http://localhost:1\n")).toBe("API_ORIGIN='http://localhost:8788'\n");
    expect(withPort("LOCAL_PORT='8787'\n", developmentVars("payments", "8788"))).toBe("LOCAL_PORT='8788'\n");
    expect(moved(moved(file))).toBe(moved(file));
  });

  it("moves nothing that somebody chose, and no secret that looks like a port", () => {
    for (const chosen of [
      "API_ORIGIN='https://tunnel.example'\n",
      'ISSUER="https://tunnel.example"\n',
      "OTHER='http://localhost:8787'\n",
      "HOLD_KEY='8787'\n",
      "# ISSUER='http://localhost:8787'\n",
    ])
      expect(moved(chosen)).toBe(chosen);
  });
});
