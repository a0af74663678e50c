const encoder = new TextEncoder();

export const utf8 = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(encoder.encode(text));

/** base64url without padding (RFC 4648, 5). */
export const toBase64Url = (bytes: ArrayBuffer | Uint8Array): string =>
  (bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes)).toBase64({ alphabet: "base64url", omitPadding: true });

/** Null where the text is not exactly what `toBase64Url` makes of the bytes: padded, spaced or otherwise spelled, it is not the same. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
    return toBase64Url(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}

export const sha256 = async (data: string | Uint8Array<ArrayBuffer>): Promise<string> =>
  toBase64Url(await crypto.subtle.digest("SHA-256", typeof data === "string" ? utf8(data) : data));
