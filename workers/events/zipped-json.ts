/** JSON compressed by gzip (RFC 1952): a seat map's is a tenth of its text. */

export async function gzipJson(value: unknown): Promise<Uint8Array<ArrayBuffer>> {
  const zipped = new Blob([JSON.stringify(value)]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(zipped).arrayBuffer());
}

export const gunzipJson = (pieces: Uint8Array<ArrayBuffer>[]): Promise<unknown> =>
  new Response(new Blob(pieces).stream().pipeThrough(new DecompressionStream("gzip"))).json();
