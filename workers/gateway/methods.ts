/** The methods that change nothing and are answered from what there is (RFC 9110, 9.2.1), `OPTIONS` apart, which the gateway answers. */
export const READING: readonly string[] = ["GET", "HEAD"];

export const isReading = ({ method }: Pick<Request, "method">): boolean => READING.includes(method);
