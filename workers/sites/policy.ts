/** What a browser is told to allow on a page (CSP 3). */

/** An address from which a picture may come, or nothing: it stands in a header, where a stray `;` would begin a rule of its own. */
export function pictureOrigin(url: string | null): string | null {
  if (url?.startsWith("/branding/assets/") || url?.startsWith("/events/")) return "'self'";
  const origin = url !== null && URL.canParse(url) ? new URL(url).origin : "";
  return /^https:\/\/[a-z0-9.-]+(:\d+)?$/.test(origin) ? origin : null;
}

/** What Stripe.js and the Payment Element need (docs.stripe.com/security/guide, Content Security Policy). */
const STRIPE = {
  scripts: ["https://js.stripe.com", "https://*.js.stripe.com"],
  frames: ["https://js.stripe.com", "https://*.js.stripe.com", "https://hooks.stripe.com"],
  connections: ["https://api.stripe.com"],
};

export interface Allowed {
  nonce: string;
  pictures: (string | null)[];
  stripe: boolean;
}

/** Nothing runs and nothing looks but what carries this answer's nonce; no handler in an attribute, no frame around it. */
export function contentSecurityPolicy({ nonce, pictures, stripe }: Allowed): string {
  const origins = [...new Set(pictures.map(pictureOrigin).filter((origin) => origin !== null))];
  const also = (sources: string[]) => (stripe ? ` ${sources.join(" ")}` : "");
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'${also(STRIPE.scripts)}`,
    `style-src 'nonce-${nonce}'`,
    `connect-src 'self'${also(STRIPE.connections)}`,
    ...(stripe ? [`frame-src ${STRIPE.frames.join(" ")}`] : []),
    ...(origins.length > 0 ? [`img-src ${origins.join(" ")}`] : []),
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}
