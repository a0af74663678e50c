/** A browser that goes somewhere says so (RFC 9110, 12.5.1); scripts and programs ask for anything, or for JSON. */
export const isForPeople = (request: Request): boolean => request.headers.get("accept")?.includes("text/html") ?? false;
