/** Makes as many confirmations as it is asked for and sends none: what one costs is measured from outside, where a clock runs. */
import { composeConfirmation } from "../../workers/notifications/order-confirmations";

const ORGANIZER_ID = "0197f3c2-2222-7c11-8b2a-1a2b3c4d5e02";
const TYPE_ID = "0197f3c2-1111-7c11-8b2a-1a2b3c4d5e01";
const AT = "2027-03-01T09:30:00.000Z";
const eur = (amount: number) => ({ amount, currency: "EUR" });

const event = {
  id: "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f",
  organizerId: ORGANIZER_ID,
  title: "An evening at the Blue Note",
  description: "",
  category: "jazz",
  startDate: "2027-06-05T17:30:00.000Z",
  endDate: "2027-06-05T21:00:00.000Z",
  timezone: "Europe/Vienna",
  location: { venue: "Blue Note", address: "Ring 1", city: "Vienna", country: "AT", coordinates: { lat: 48.2, lng: 16.37 } },
  capacity: 100,
  status: "published" as const,
  settings: { allowWaitlist: false, requireApproval: false, isPublic: true, refundPolicy: "organizer", holdSeconds: 600 },
  ticketTypes: [],
  createdAt: AT,
  updatedAt: AT,
};

const occasion = {
  event,
  organizer: { id: ORGANIZER_ID, name: "The Blue Note", slug: "blue-note", createdAt: AT, updatedAt: AT },
  brand: {
    organizerId: ORGANIZER_ID,
    primaryColor: "#7c2d12",
    secondaryColor: "#0f172a",
    logoUrl: null,
    faviconUrl: null,
    logo: null,
    favicon: null,
    cover: null,
    fontFamily: "Georgia, serif",
    tagline: null,
    links: [],
    customCSS: "",
    contrast: {
      primaryOnWhite: 9.37,
      secondaryOnWhite: 17.85,
      textOnPrimary: "#ffffff" as const,
      textOnSecondary: "#ffffff" as const,
    },
    updatedAt: null,
  },
  siteOrigin: "https://blue-note.sites.bilten.example",
};

/** Two tickets, the second in Greek and Cyrillic; every code and name is another one, as no cache could know it. */
function confirm(number: number) {
  const id = crypto.randomUUID();
  const ticket = (holder: string) => ({
    id: crypto.randomUUID(),
    eventId: event.id,
    orderId: id,
    ticketTypeId: TYPE_ID,
    status: "valid" as const,
    code: `BT1.${crypto.getRandomValues(new Uint8Array(99)).toBase64({ alphabet: "base64url", omitPadding: true })}`,
    holder: { name: `${holder} ${number}`, email: "ada@bilten.example" },
    createdAt: AT,
  });
  const order = {
    id,
    eventId: event.id,
    organizerId: ORGANIZER_ID,
    status: "paid" as const,
    expiresAt: AT,
    items: [{ ticketTypeId: TYPE_ID, name: "Standing", quantity: 2, unitPrice: eur(2500) }],
    subtotal: eur(5000),
    discount: eur(0),
    fees: eur(0),
    tax: eur(0),
    total: eur(5000),
    buyer: { email: "ada@bilten.example", name: "Ada Lovelace" },
    createdAt: AT,
    userId: null,
    paidAt: AT,
    guestAccessToken: `bo_1_${"x".repeat(43)}`,
    language: number % 2 === 0 ? "en" : "de",
  };
  return composeConfirmation({
    order,
    tickets: [ticket("Ada Lovelace"), ticket("Ελένη Жукова")],
    occasion,
    sender: "tickets@bilten.example",
  });
}

export default {
  async fetch(request: Request) {
    const count = Number(new URL(request.url).searchParams.get("count"));
    let bytes = 0;
    for (let number = 0; number < count; number++)
      bytes += (await confirm(number)).attachments.reduce((sum, { content }) => sum + content.byteLength, 0);
    return Response.json({ bytes });
  },
};
