import { CSRF_HEADER } from "../../shared/contracts/session-cookie";

/**
 * Starts Swagger UI and makes a sale there a matter of pressing "Execute": a token that an answer brings is used from then on, and the
 * ids that answers bring stand in the examples of what comes next. In development the first event on sale stands there from the start.
 */
export const DOCS_START = `const published = "/openapi.json";
/** The text of the document, in which example ids give way to real ones. */
let text;
let examples = {};
const known = new Map();
let changed = false;
let begun = false;
/** Who asks: a token says it, or the browser's cookie, beside which a page of ours shows what it read. Not both, as a token counts alone. */
const WAYS = {
  bearer: { type: "http", scheme: "bearer" },
  csrf: { type: "apiKey", in: "header", name: "${CSRF_HEADER}" },
};
/** Outlives a reload and not the tab: whoever comes to this machine later finds none. */
const kept = sessionStorage;

const ui = SwaggerUIBundle({
  url: published,
  dom_id: "#api",
  deepLinking: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  showExtensions: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  onComplete() {
    // It is called whenever the document changes, and each word to the page makes it draw itself anew.
    if (begun) return;
    begun = true;
    for (const way in WAYS) if (kept.getItem(way)) authorize(way, kept.getItem(way));
  },
  responseInterceptor(response) {
    if (response.url.endsWith(published)) begin(response.text);
    else if (response.ok && response.body && typeof response.body === "object") learn(new URL(response.url).pathname, response.body);
    return response;
  },
});

function learn(path, body) {
  const about = path.replace(/^\\/v1/, "").split("/").filter(Boolean);
  const subject = about.at(-1) === "holds" ? "hold" : about.at(-1) === "process" ? "payment" : { orders: "order", events: "event", organizers: "organizer" }[about.at(-1)];
  if (subject === "payment") know("paymentId", body.payment?.id);
  else if (subject) know(subject + "Id", body.id);
  if (subject === "event") know("ticketTypeId", body.ticketTypes?.[0]?.id);
  if (subject === "hold") know("holdSecret", body.secret);
  // A guest's order has a token of its own; somebody who signs in has one for everything.
  if (typeof body.accessToken === "string") authorize("bearer", body.accessToken);
  else if (typeof body.csrfToken === "string") authorize("csrf", body.csrfToken);
  fill();
}

function authorize(way, value) {
  const others = Object.keys(WAYS).filter((other) => other !== way);
  for (const other of others) kept.removeItem(other);
  kept.setItem(way, value);
  // In this order: before the first one it has nothing to take away from.
  ui.authActions.authorize({ [way]: { name: way, schema: WAYS[way], value } });
  ui.authActions.logout(others);
}

function know(name, value) {
  const example = examples[name];
  if (typeof value !== "string" || !example || known.get(example) === value) return;
  known.set(example, value);
  changed = true;
}

/** Operations that were opened before keep what stands in them. The page draws itself anew, which takes it a moment. */
function fill() {
  if (!changed) return;
  changed = false;
  let filled = text;
  for (const [example, value] of known) filled = filled.replaceAll(JSON.stringify(example), JSON.stringify(value));
  ui.specActions.updateJsonSpec(JSON.parse(filled));
}

async function begin(document) {
  text = document;
  const { paths } = JSON.parse(document);
  for (const operation of Object.values(paths).flatMap((path) => Object.values(path)))
    for (const { in: place, name, example } of operation.parameters ?? []) if (place === "path" && example) examples[name] = example;
  const hold = Object.values(paths["/events/{eventId}/holds"].post.responses[201].content)[0].example;
  examples = { ...examples, holdSecret: hold.secret, ticketTypeId: hold.items[0].ticketTypeId };
  if (!paths["/dev/outbox"]) return;
  const { data = [] } = await fetch("/v1/events/search?limit=20").then((answer) => answer.json());
  const event = data.find(({ ticketTypes }) => ticketTypes?.length > 0);
  if (!event) return;
  know("eventId", event.id);
  know("ticketTypeId", event.ticketTypes[0].id);
  know("organizerId", event.organizerId);
  fill();
}
`;
