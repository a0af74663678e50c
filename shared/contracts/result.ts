/** Refusals are data: class instances do not survive Workers RPC, and a caller must look at `ok` before it gets the value. */
export type Result<T, E extends { code: string }> = { ok: true; value: T } | { ok: false; error: E };

export const ok = <T>(value: T): { ok: true; value: T } => ({ ok: true, value });
export const refuse = <E extends { code: string }>(error: E): { ok: false; error: E } => ({ ok: false, error });
