/**
 * Who may what, written by hand from the wire and from nothing that decides it: every operation, whom it is for, what it answers to them
 * when the walk asks it, and what each role of a team may. What the house decides is held to this.
 */

/** API.md, "Members may": owner and manager all; finance orders and refunds; marketing events and search; door check-ins. */
const MANAGERS = [
  "organizer:read",
  "organizer:write",
  "members:read",
  "members:write",
  "events:read",
  "events:write",
  "orders:read",
  "orders:refund",
  "ledger:read",
  "branding:write",
  "analytics:read",
  "checkins:write",
] as const;
export const ROLE_MAY = {
  // Only an owner can give away what is his.
  owner: [...MANAGERS, "ownership:transfer"],
  manager: MANAGERS,
  finance: ["organizer:read", "events:read", "orders:read", "orders:refund", "ledger:read", "analytics:read"],
  marketing: ["organizer:read", "events:read", "events:write", "branding:write", "analytics:read"],
  door: ["organizer:read", "events:read", "checkins:write"],
} as const;
export type Role = keyof typeof ROLE_MAY;
export type TablePermission = (typeof ROLE_MAY)["owner"][number];
export const ROLES = Object.keys(ROLE_MAY) as Role[];

/** Whose a thing is that a permission is asked for: it says whether strangers may know that it is there. */
export type Subject = "organizer" | "event" | "seat map" | "asset" | "payment";

export type Who =
  /** Whatever credential is sent along, good or bad. */
  | "everybody"
  /** No credential is needed, and a bad one is refused. */
  | "anybody"
  | "whoever knows the event"
  /** The same, and not a session of another organizer's host (rule 5). */
  | "buyers at the event"
  /** The same, and no secret but of the hold that is ordered. */
  | "orderers at the event"
  /** Signed in on the main host. */
  | "person"
  /** Signed in there or on an organizer's host. */
  | "person anywhere"
  | "person who may buy at the event"
  | "himself or admin"
  | "himself or admin anywhere"
  | "colleague or admin"
  | "admin"
  | "hold's owner"
  | "order's reader"
  | "payment's reader"
  | "order's buyer"
  | "entry's reader"
  | "entry's writer"
  | "entry's owner"
  | "entry's mail"
  | `${TablePermission} of ${Subject}`;

/** For whom, what they hear when the walk asks, and whether they must have proved lately who they are. */
export type Row = readonly [who: Who, heard: string, stepUp?: "step-up"];

const BAD = "400 invalid_body";

/** By operationId. Missing and extra ones fail. */
export const TABLE = {
  // Accounts and sessions
  register: ["everybody", BAD],
  verifyEmail: ["everybody", BAD],
  showVerification: ["everybody", "200"],
  resendVerification: ["everybody", BAD],
  logIn: ["everybody", BAD],
  unlockAccount: ["everybody", BAD],
  showUnlock: ["everybody", "200"],
  refresh: ["everybody", BAD],
  logOut: ["person anywhere", BAD],
  getJwks: ["everybody", "200"],
  getOpenIdConfiguration: ["everybody", "200"],
  getSession: ["person anywhere", "200"],
  listSessions: ["person", "200"],
  endOtherSessions: ["person", "204"],
  endSession: ["person", "404 session_not_found"],
  listSecurityEvents: ["person", "200"],
  createApiKey: ["person", BAD, "step-up"],
  listApiKeys: ["person", "200"],
  revokeApiKey: ["person", "404 api_key_not_found"],
  rotateApiKey: ["person", BAD, "step-up"],
  forgotPassword: ["everybody", BAD],
  resetPassword: ["everybody", BAD],
  showPasswordReset: ["everybody", "200"],
  changePassword: ["person", BAD],
  getFactors: ["person", "200"],
  renewRecoveryCodes: ["person", BAD, "step-up"],
  askForTotp: ["person", BAD, "step-up"],
  confirmTotp: ["person", BAD],
  disableTotp: ["person", BAD],
  verifyMfa: ["everybody", BAD],
  askPasskeyOfLogin: ["everybody", BAD],
  addPasskey: ["person", BAD, "step-up"],
  listPasskeys: ["person", "200"],
  logInByPasskey: ["everybody", BAD],
  askAnyPasskey: ["everybody", BAD],
  invitePasskey: ["person", BAD, "step-up"],
  renamePasskey: ["person", "404 passkey_not_found"],
  removePasskey: ["person", "404 passkey_not_found", "step-up"],
  stepUp: ["person", BAD],
  askPasskeyOfSession: ["person", BAD],
  // People
  getProfile: ["person", "200"],
  changeProfile: ["person", BAD],
  changeAvatar: ["person", "415 asset_type_unsupported"],
  removeAvatar: ["person", "204"],
  getPreferences: ["person", "200"],
  changePreferences: ["person", BAD],
  getConsents: ["person", "200"],
  changeConsents: ["person", BAD],
  listMemberships: ["person", "200"],
  getUser: ["himself or admin", "200"],
  getAvatar: ["colleague or admin", "200"],
  searchUsers: ["admin", "200"],
  changeUserRole: ["admin", BAD, "step-up"],
  changeUserStatus: ["admin", BAD, "step-up"],
  listUserStatusChanges: ["admin", "200"],
  // Organizers and their teams
  createOrganizer: ["person", BAD],
  getOrganizer: ["anybody", "200"],
  changeOrganizer: ["organizer:write of organizer", BAD],
  listMembers: ["members:read of organizer", "200"],
  addMember: ["members:write of organizer", BAD],
  getMember: ["members:read of organizer", "200"],
  changeMember: ["members:write of organizer", BAD],
  removeMember: ["members:write of organizer", "404 user_not_found"],
  transferOwnership: ["ownership:transfer of organizer", BAD, "step-up"],
  appointOwner: ["admin", BAD, "step-up"],
  listInvitations: ["members:read of organizer", "200"],
  inviteMember: ["members:write of organizer", BAD],
  revokeInvitation: ["members:write of organizer", "404 invitation_not_found"],
  showInvitation: ["everybody", "200"],
  acceptInvitation: ["person", BAD],
  // Brands
  uploadBrandAsset: ["branding:write of organizer", "415 asset_type_unsupported"],
  listBrandAssets: ["organizer:read of organizer", "200"],
  getBrandAsset: ["everybody", "200"],
  deleteBrandAsset: ["branding:write of asset", "404 asset_not_found"],
  saveBrandSettings: ["branding:write of organizer", BAD],
  getBrandSettings: ["anybody", "200"],
  // Events
  createEvent: ["events:write of organizer", BAD],
  listEvents: ["anybody", "200"],
  searchEvents: ["anybody", "200"],
  search: ["anybody", "200"],
  getEvent: ["whoever knows the event", "200"],
  updateEvent: ["events:write of event", BAD],
  deleteEvent: ["events:write of event", "409 event_state"],
  publishEvent: ["events:write of event", BAD],
  cancelEvent: ["events:write of event", BAD],
  completeEvent: ["events:write of event", BAD],
  listTicketTypes: ["whoever knows the event", "200"],
  createTicketType: ["events:write of event", BAD],
  updateTicketType: ["events:write of event", BAD],
  deleteTicketType: ["events:write of event", "404 ticket_type_not_found"],
  listTickets: ["whoever knows the event", "200"],
  getAvailability: ["whoever knows the event", "200"],
  listPools: ["events:read of event", "200"],
  createPool: ["events:write of event", BAD],
  updatePool: ["events:write of event", BAD],
  deletePool: ["events:write of event", "404 pool_not_found"],
  movePool: ["events:write of event", BAD],
  createSeatMap: ["events:write of organizer", BAD],
  listSeatMaps: ["events:read of organizer", "200"],
  getSeatMap: ["events:read of seat map", "200"],
  deleteSeatMap: ["events:write of seat map", "204"],
  setSeatMap: ["events:write of event", BAD],
  // It has none: whoever may know of the event hears that, everybody else that there is no event.
  getSeats: ["whoever knows the event", "404 seat_map_not_found"],
  blockSeats: ["events:write of event", BAD],
  releaseSeats: ["events:write of event", BAD],
  swapSeats: ["events:write of event", BAD],
  checkIn: ["checkins:write of event", BAD],
  getEventSummary: ["analytics:read of event", "200"],
  getEventTimeseries: ["analytics:read of event", "200"],
  getEventChart: ["analytics:read of event", "200"],
  // Holds and waiting lists
  placeHold: ["buyers at the event", "201"],
  getHold: ["hold's owner", "200"],
  changeHold: ["hold's owner", BAD],
  extendHold: ["hold's owner", "200"],
  reacquireHold: ["hold's owner", "200"],
  releaseHold: ["hold's owner", "204"],
  joinWaitlist: ["person who may buy at the event", BAD],
  listWaitlist: ["person who may buy at the event", "200"],
  getWaitlistEntry: ["entry's reader", "200"],
  leaveWaitlist: ["entry's writer", "204"],
  acceptOffer: ["entry's owner", "409 offer_not_open"],
  declineOffer: ["entry's owner", "409 offer_not_open"],
  confirmWaitlistEntry: ["entry's mail", "200"],
  // Orders and money
  createOrder: ["orderers at the event", "201"],
  listEventOrders: ["orders:read of event", "200"],
  listUserOrders: ["himself or admin anywhere", "200"],
  getOrder: ["order's reader", "200"],
  getOrderTickets: ["order's reader", "200"],
  getOrderPayments: ["order's reader", "200"],
  cancelOrder: ["order's buyer", "409 order_not_cancellable"],
  processPayment: ["order's buyer", "409 order_not_payable"],
  getPayment: ["payment's reader", "200"],
  refundPayment: ["orders:refund of payment", BAD],
  listLedger: ["ledger:read of organizer", "200"],
  showBacklog: ["admin", "200"],
  // By the provider's signature, which nothing here has.
  receiveWebhook: ["anybody", "400 invalid_signature"],
  receiveOrganizerWebhook: ["anybody", "400 invalid_signature"],
  // The house itself
  getHealth: ["anybody", "200"],
  getOpenapiDocument: ["anybody", "200"],
  getDocsPage: ["anybody", "200"],
} as const satisfies Record<string, Row>;
export type OperationId = keyof typeof TABLE;

/** There in development only (rule 2), for everybody there. */
export const DEVELOPMENT = [
  "setRoleInDevelopment",
  "showDevelopmentMails",
  "showDevelopmentMail",
  "readDevelopmentMailAttachment",
  "showDevelopmentMailHtml",
  "readDevelopmentOutbox",
  "showTestPayment",
  "settleTestPayment",
];

/** What whoever may hears instead at an event that was never published. */
export const AT_A_DRAFT: Partial<Record<OperationId, string>> = {
  deleteEvent: "204",
  placeHold: "409 event_not_on_sale",
  createOrder: "409 event_not_on_sale",
};
