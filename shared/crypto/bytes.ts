const encoder = new TextEncoder();

export const utf8 = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(encoder.encode(text));

/** base64url without padding (RFC 4648, 5). */
export const toBase64Url = (bytes: ArrayBuffer | Uint8Array): string =>
  (bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes)).toBase64({ alphabet: "base64url", omitPadding: true });

/** Null where the text is not strict base64url: of two spellings of the same bytes only one is accepted. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.fromBase64(text, { alphabet: "base64url", lastChunkHandling: "strict" });
  } catch {
    return text.length % 4 === 0 ? null : fromUnpadded(text);
  }
}

function fromUnpadded(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.fromBase64(text + "=".repeat(4 - (text.length % 4)), {
      alphabet: "base64url",
      lastChunkHandling: "strict",
    });
  } catch {
    return null;
  }
}

export const sha256 = async (data: string | Uint8Array<ArrayBuffer>): Promise<string> =>
  toBase64Url(await crypto.subtle.digest("SHA-256", typeof data === "string" ? utf8(data) : data));
