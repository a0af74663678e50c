/** What a buyer's device sends, as autocannon steps. */
import type { Step } from "./drive.ts";

const JSON_HEADERS = { "content-type": "application/json" };

export const holdSteps = (eventId: string, ticketTypeId: string): Step[] => [
  {
    method: "POST",
    path: `/v1/events/${eventId}/holds`,
    headers: JSON_HEADERS,
    body: JSON.stringify({ items: [{ ticketTypeId, quantity: 1 }] }),
  },
];

export const readSteps = (eventId: string): Step[] => [{ method: "GET", path: `/v1/events/${eventId}` }];

interface Sale {
  orderId?: string;
  token?: string;
}

/** Order, payment, tickets: three requests a sale, each built from the answer before. */
export const saleSteps = (eventId: string, ticketTypeId: string): Step[] => [
  {
    method: "POST",
    path: "/v1/orders",
    headers: JSON_HEADERS,
    body: JSON.stringify({
      eventId,
      items: [{ ticketTypeId, quantity: 1 }],
      buyer: { email: "buyer@people.example", name: "Bea Buyer" },
    }),
    onResponse: (_status: number, body: string, context: object) => {
      const order = JSON.parse(body) as { id?: string; accessToken?: string };
      Object.assign(context, { orderId: order.id, token: order.accessToken });
    },
  },
  {
    method: "POST",
    setupRequest: (request: Step, context: object) => {
      const { orderId, token } = context as Sale;
      return {
        ...request,
        path: "/v1/payments/process",
        headers: { ...JSON_HEADERS, authorization: `Bearer ${token}` },
        body: JSON.stringify({ orderId, provider: "test", paymentMethod: { token: "tok_success" } }),
      };
    },
  },
  {
    method: "GET",
    setupRequest: (request: Step, context: object) => {
      const { orderId, token } = context as Sale;
      return { ...request, path: `/v1/orders/${orderId}/tickets`, headers: { authorization: `Bearer ${token}` } };
    },
    onResponse: (status: number, body: string) => {
      if (status !== 200 || !body.includes('"valid"')) throw new Error(`a paid order without a ticket: ${status} ${body}`);
    },
  },
];
