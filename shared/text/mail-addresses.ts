/** When two mail addresses are one person's, as far as their domain's own rules say. */

/** At Gmail dots and everything from a `+` mean nothing, and both names are one domain (support.google.com/mail/answer/7436150). */
const GMAIL = "gmail.com";
const GMAIL_DOMAINS = new Set([GMAIL, "googlemail.com"]);

/**
 * One spelling for every address that reaches the same mailbox: lower case everywhere (RFC 5321 lets a host tell `Ada` from `ada`, and
 * none that matters does), and what else the domain is known to pass over. A `+tag` or a dot of another domain stays: there it may be
 * somebody else. Expects an address of the form that `Email` takes; the answer is for comparing, never for writing to.
 */
export function normalizedAddress(email: string): string {
  const address = email.trim().toLowerCase();
  const at = address.lastIndexOf("@");
  const [local, domain] = [address.slice(0, at), address.slice(at + 1)];
  if (!GMAIL_DOMAINS.has(domain)) return address;
  const plain = local.replace(/\+.*$/s, "").replaceAll(".", "");
  return plain === "" ? address : `${plain}@${GMAIL}`;
}
