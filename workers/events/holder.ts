import type { Holder } from "../../shared/contracts/inventory";
import { hmacText } from "../../shared/crypto/hmac";
import { networkOf } from "../../shared/http/network";

/** Keys of the networks that asked lately: the same few buyers come again and again while they choose. */
const MAX_REMEMBERED = 10_000;
const remembered = new Map<string, string>();

async function addressKey(key: string, network: string): Promise<string> {
  const known = remembered.get(network);
  if (known !== undefined) return known;
  const derived = await hmacText(key, ["holder_address", network]);
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(network, derived);
  return derived;
}

/** A user, or for a guest the network he comes from, which the object learns as an HMAC only. */
export async function holderOf(key: string, userId: string | null, address: string): Promise<Holder> {
  if (userId !== null) return { kind: "user", key: userId };
  return { kind: "address", key: await addressKey(key, networkOf(address)) };
}
