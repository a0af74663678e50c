/** The ids that the document's examples share, so that one operation's answer leads to the next one's path. */
export const EXAMPLES: Readonly<Record<string, string>> = {
  eventId: "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f",
  ticketTypeId: "0197f3c2-7b1f-7a52-8f0d-6f0e5b1c2d3e",
  organizerId: "0197f3b0-11aa-7d55-b1c4-7a6f5e4d3c2b",
  poolId: "0197f3c2-7b20-7c11-9a2b-8d7e6f5a4b3c",
  userId: "0197f3c4-02aa-7f0e-8d5c-55a1c4a6ec10",
  seatMapId: "0197f3c2-6a10-7b2c-9d11-4e5f6a7b8c9d",
  holdId: "7b0e9a4c-5d0f-8c1e-9d7a-3f2b1c0d4e5f",
  orderId: "0197f3d0-a9f0-7c11-8b2a-1a2b3c4d5e00",
  paymentId: "0197f3d0-b7c2-7d01-9c1d-2b3c4d5e6f00",
  assetId: "0197f3c2-9d10-7a44-8f00-5b1f6a0c2d3e",
  mailId: "0197f3c2-9a10-7f4e-b7a9-2f1d6a1c5e01",
  endpointId: "0197f3d1-55aa-7b60-8c2d-3e4f5a6b7c00",
  provider: "stripe",
  email: "organizer@bilten.example",
  index: "0",
  token: "ZyA3Wc1lq0mQ9",
};
