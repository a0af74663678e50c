/** Where a request was sent, read off its URL, which the platform has normalized (WHATWG URL): a `URL` object costs as much as a route. */
export interface Address {
  /** With the port, where there is one. */
  host: string;
  hostname: string;
  path: string;
}

export function addressOf(url: string): Address {
  const start = url.indexOf("//") + 2;
  const slash = url.indexOf("/", start);
  const host = url.slice(start, slash);
  const query = url.indexOf("?", slash);
  return { host, hostname: host.replace(/:\d+$/, ""), path: query < 0 ? url.slice(slash) : url.slice(slash, query) };
}

/** The client's, as the edge saw it; a local run has none. */
export const clientAddressOf = ({ headers }: Request): string => headers.get("cf-connecting-ip") ?? "127.0.0.1";
