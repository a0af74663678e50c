import type { Holder } from "../../shared/contracts/inventory";
import { hmacText } from "../../shared/crypto/hmac";
import { networkOf } from "../../shared/http/network";

/** A user, or for a guest the network he comes from, which the object learns as an HMAC only. */
export async function holderOf(key: string, userId: string | null, address: string): Promise<Holder> {
  if (userId !== null) return { kind: "user", key: userId };
  return { kind: "address", key: await hmacText(key, ["holder_address", networkOf(address)]) };
}
