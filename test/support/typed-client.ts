/** The client that is written from the document, whose answers are held to the document all the same. */
import { createClient, OPERATIONS, type OperationId, type OperationPath, type OperationTag, type Ops } from "../../dist/client";
import { publishedBy } from "./published";

/** A client of one origin as one caller: an operation gives what it answered, typed by the document, or throws its problem as `ApiError`. */
export function typedClient(origin: string, token?: string) {
  return createClient<Ops, OperationId, OperationPath, OperationTag>(OPERATIONS, {
    serverUrl: `${origin}/v1`,
    clientHeader: false,
    ...(token === undefined ? {} : { auth: { bearer: token } }),
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const response = await fetch(request);
      const { status, headers } = response;
      const path = new URL(request.url).pathname;
      const fault = (await publishedBy(origin)).faultOf(request.method, path, {
        request: `${request.method} ${path}`,
        status,
        headers,
        text: await response.clone().text(),
      });
      if (fault) throw new Error(fault);
      return response;
    },
  });
}
export type TypedClient = ReturnType<typeof typedClient>;
