import { describe, expect, it } from "vitest";
import { fromBase64Url, toBase64Url, utf8 } from "../../shared/crypto/bytes";
import { hmacText, verifyHmac } from "../../shared/crypto/hmac";

describe("base64url", () => {
  it.each([0, 1, 2, 3, 16, 31, 32, 33])("reads back the %i bytes that it wrote", (length) => {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
  });

  it.each(["AA==", "AA=", "AAA=", "A A", " AAAA", "AAAA\n", "AA\tAA", "A", "AA+A", "AA/A", "AAAA====", "ÄAAA"])(
    "takes no other spelling: %j",
    (text) => {
      expect(fromBase64Url(text)).toBeNull();
    },
  );

  it("takes one last character of those that leave the same bytes", () => {
    const written = toBase64Url(utf8("code!"));
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const taken = [...alphabet].filter((last) => {
      const bytes = fromBase64Url(written.slice(0, -1) + last);
      return bytes !== null && new TextDecoder().decode(bytes) === "code!";
    });
    expect(taken).toEqual([written.at(-1)]);
  });
});

describe("an HMAC over parts", () => {
  it("tells apart where one part ends and the next begins", async () => {
    const mac = await hmacText("secret", ["ab", "c"]);
    expect(await verifyHmac("secret", ["ab", "c"], mac)).toBe(true);
    expect(await verifyHmac("secret", ["a", "bc"], mac)).toBe(false);
    expect(await verifyHmac("secret", ["ab", "c"], `${mac}=`)).toBe(false);
  });

  it("is of nothing that could be read in two ways", async () => {
    await expect(hmacText("secret", ["a\0b", "c"])).rejects.toThrow(RangeError);
    const body = await hmacText("secret", ["a", "b\0c"]);
    expect(await verifyHmac("secret", ["a", "b\0c"], body)).toBe(true);
    expect(await verifyHmac("secret", ["a", "b\\0c"], body)).toBe(false);
    await expect(verifyHmac("secret", ["a", "b\0c", "d"], "AA")).rejects.toThrow(RangeError);
  });
});
