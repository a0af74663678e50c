/** A person as limits and the waiting list count him: by his mail address, which the event's object never learns. */
import { hmacText } from "../../shared/crypto/hmac";
import { normalizedAddress } from "../../shared/text/mail-addresses";

/** The same for every spelling of one mailbox; another purpose's HMAC of the same address has nothing in common with it. */
export const personKeyOf = (key: string, email: string): Promise<string> => hmacText(key, ["person", normalizedAddress(email)]);
