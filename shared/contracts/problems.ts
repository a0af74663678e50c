/**
 * The one catalogue of refusals (RFC 9457). A code that is not here does not compile as a refusal; a status is never chosen
 * anywhere else.
 */
export const PROBLEMS = {
  // form (400)
  invalid_json: { status: 400, title: "The body is not JSON" },
  invalid_body: { status: 400, title: "The body does not have the documented form" },
  invalid_query: { status: 400, title: "The query does not have the documented form" },
  invalid_cursor: { status: 400, title: "The cursor was not made by this list" },
  invalid_idempotency_key: { status: 400, title: "The Idempotency-Key is not 1 to 255 visible ASCII characters" },
  invalid_signature: { status: 400, title: "The signature does not fit the body" },
  invalid_session_kind: { status: 400, title: "There is no such kind of session" },
  invalid_token: { status: 400, title: "The token is unknown, used or too old" },
  attestation_invalid: { status: 400, title: "The new passkey's answer does not fit what was asked" },
  // credential (401)
  credential_missing: { status: 401, title: "This needs a credential" },
  credential_invalid: { status: 401, title: "The credential is not valid" },
  credential_expired: { status: 401, title: "The credential has expired" },
  token_stale: { status: 401, title: "What the access token was issued for has changed or ended since; ask for a new one" },
  invalid_credentials: { status: 401, title: "The e-mail or the password is wrong" },
  refresh_token_invalid: { status: 401, title: "The refresh token is unknown or too old" },
  refresh_token_reused: { status: 401, title: "The refresh token was used before; the session is revoked" },
  code_invalid: { status: 401, title: "The code is wrong, was used or is too old" },
  mfa_token_invalid: { status: 401, title: "The sign-in that waited for a second factor is unknown, over or too old" },
  passkey_invalid: { status: 401, title: "The passkey is unknown, or its answer does not fit what was asked" },
  insufficient_user_authentication: { status: 401, title: "This needs a fresh proof of who is asking" },
  // permission, existence (403, 404, 405)
  forbidden: { status: 403, title: "This caller may not do that" },
  csrf_failed: {
    status: 403,
    title: "Nothing shows that a page of this origin sent this: its Origin or x-csrf-token is wrong or missing",
  },
  main_host_required: { status: 403, title: "A session made on an organizer's host may not do that" },
  email_not_verified: { status: 403, title: "The e-mail address is not verified yet" },
  second_factor_required: { status: 403, title: "The account has a second factor; the password alone does not do" },
  account_suspended: { status: 403, title: "The account is suspended" },
  not_found: { status: 404, title: "There is no such thing" },
  event_not_found: { status: 404, title: "There is no such event" },
  pool_not_found: { status: 404, title: "There is no such pool" },
  ticket_type_not_found: { status: 404, title: "There is no such ticket type" },
  api_key_not_found: { status: 404, title: "There is no such API key" },
  session_not_found: { status: 404, title: "There is no such session" },
  user_not_found: { status: 404, title: "There is no such user" },
  organizer_not_found: { status: 404, title: "There is no such organizer" },
  hold_not_found: { status: 404, title: "There is no such hold" },
  order_not_found: { status: 404, title: "There is no such order" },
  payment_not_found: { status: 404, title: "There is no such payment" },
  seat_map_not_found: { status: 404, title: "There is no such seat map" },
  waitlist_entry_not_found: { status: 404, title: "There is no such entry of the waiting list" },
  avatar_not_found: { status: 404, title: "The user shows no picture" },
  invitation_not_found: { status: 404, title: "There is no such invitation" },
  passkey_not_found: { status: 404, title: "There is no such passkey" },
  asset_not_found: { status: 404, title: "There is no such asset" },
  ticket_unknown: { status: 404, title: "This code is no ticket of this event" },
  method_not_allowed: { status: 405, title: "The path does not take this method" },
  // state (409, 412, 413, 415, 422)
  slug_taken: { status: 409, title: "The slug is taken" },
  member_exists: { status: 409, title: "The user is a member already" },
  factor_exists: { status: 409, title: "The account has an authenticator app already" },
  factor_missing: { status: 409, title: "The account has no such factor that waits for this" },
  passkey_exists: { status: 409, title: "The passkey is known already" },
  too_many_passkeys: { status: 409, title: "The account has as many passkeys as one may" },
  last_owner: { status: 409, title: "An organizer keeps at least one owner" },
  invitation_exists: { status: 409, title: "The address has an invitation that nobody has accepted yet" },
  too_many_invitations: { status: 409, title: "The organizer has as many open invitations as one may" },
  too_many_organizers: { status: 409, title: "The person has made as many organizers as one may" },
  too_many_members: { status: 409, title: "The team has as many members as one may have" },
  owner_exists: { status: 409, title: "The organizer has an owner who can sign in" },
  too_many_decisions: { status: 409, title: "This was decided as often as one may; it can only be withdrawn" },
  too_many_api_keys: { status: 409, title: "The account has as many API keys as one may" },
  account_state: { status: 409, title: "The account's status does not allow that" },
  event_state: { status: 409, title: "The event's state does not allow that" },
  event_not_on_sale: { status: 409, title: "The event is not on sale" },
  ticket_type_not_on_sale: { status: 409, title: "A ticket type is not on sale" },
  event_incomplete: { status: 409, title: "The event lacks what publishing needs" },
  capacity_below_sold: { status: 409, title: "The quantity is below what is sold and held" },
  ticket_type_in_use: { status: 409, title: "The ticket type has holds or tickets" },
  pool_in_use: { status: 409, title: "Ticket types draw from the pool, or allocations lie within it" },
  too_many_pools: { status: 409, title: "The event has as many pools as one may" },
  sold_out: { status: 409, title: "Not enough is left" },
  person_limit: { status: 409, title: "One person may not have more tickets" },
  waitlist_closed: { status: 409, title: "The event takes nobody onto a waiting list" },
  waitlist_full: { status: 409, title: "The waiting list has taken as many entries as one may" },
  already_waiting: { status: 409, title: "This person stands on the waiting list already" },
  offer_not_open: { status: 409, title: "There is no offer that stands" },
  seat_taken: { status: 409, title: "A seat is taken" },
  seat_for_companion: { status: 409, title: "A companion's seat is sold with its accessible seat" },
  seat_orphaned: { status: 409, title: "The seats would leave a single one between taken ones" },
  seat_map_in_use: { status: 409, title: "Seats of the map are sold, held or blocked, or events use it" },
  too_many_seat_maps: { status: 409, title: "The organizer has as many seat maps as one may" },
  seats_missing: { status: 409, title: "The seat map has not reached the event's stock yet" },
  holder_limit: { status: 409, title: "This buyer holds as many tickets as one may" },
  hold_expired: { status: 409, title: "The hold has ended" },
  hold_released: { status: 409, title: "The hold was released" },
  hold_in_use: { status: 409, title: "The hold belongs to an order" },
  order_not_payable: { status: 409, title: "The order can no longer be paid" },
  order_not_cancellable: { status: 409, title: "The order can no longer be cancelled" },
  payment_in_progress: { status: 409, title: "Another payment of this order is under way" },
  payment_not_refundable: { status: 409, title: "The payment has nothing to refund" },
  refund_exceeds_payment: { status: 409, title: "More than is left of the payment" },
  already_admitted: { status: 409, title: "The ticket was admitted before" },
  ticket_void: { status: 409, title: "The ticket is void" },
  request_in_progress: { status: 409, title: "The first request with this key is still running" },
  asset_in_use: { status: 409, title: "The settings show this asset" },
  too_many_assets: { status: 409, title: "The organizer has as many assets as one may" },
  state_moved: { status: 409, title: "Another change came first" },
  version_stale: { status: 412, title: "The thing has changed since it was read" },
  payload_too_large: { status: 413, title: "The body is larger than this path takes" },
  asset_type_unsupported: { status: 415, title: "The file is none of the kinds that are taken" },
  asset_broken: { status: 422, title: "The picture is cut off, altered or not what it begins like" },
  asset_too_large: { status: 422, title: "The picture has more bytes, pixels or parts than may be shown" },
  asset_unknown: { status: 422, title: "The settings name an asset that is not the organizer's" },
  idempotency_key_reused: { status: 422, title: "The Idempotency-Key was used with another body" },
  nonce_reused: { status: 422, title: "The nonce was used with another code" },
  quantity_out_of_range: { status: 422, title: "The quantity is outside of what one order may have" },
  currency_mixed: { status: 422, title: "An event's ticket types share one currency" },
  dates_inconsistent: { status: 422, title: "The dates contradict each other" },
  settings_inconsistent: { status: 422, title: "The settings contradict each other" },
  pool_unknown: { status: 422, title: "The event has no such pool" },
  pool_inconsistent: { status: 422, title: "The pools contradict each other" },
  tiers_inconsistent: { status: 422, title: "The ticket types would not open one after the other" },
  seats_required: { status: 422, title: "The ticket type is sold by seats" },
  seat_count_mismatch: { status: 422, title: "The quantity is not the number of seats" },
  seat_repeated: { status: 422, title: "A seat is asked for twice" },
  seat_unknown: { status: 422, title: "The ticket type has no such seat" },
  seat_map_invalid: { status: 422, title: "The seat map contradicts itself or is too large" },
  seat_map_required: { status: 422, title: "The event has no seat map with such a category" },
  ticket_not_seated: { status: 422, title: "The event has no such ticket with a seat" },
  amount_not_payable: { status: 422, title: "The provider cannot take this amount" },
  ticket_not_of_order: { status: 422, title: "A ticket is not of this order" },
  provider_not_configured: { status: 422, title: "The provider is not configured" },
  // load (429, 503), bugs (500)
  rate_limited: { status: 429, title: "Too many requests" },
  account_locked: { status: 429, title: "Too many wrong passwords; the account is locked for a while" },
  internal: { status: 500, title: "Something went wrong on our side" },
  overloaded: { status: 503, title: "Too busy right now" },
  unavailable: { status: 503, title: "A part of the system does not answer" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** A refusal as it travels between Workers: a code of the catalogue and what else the client may know. */
export interface Refusal<C extends ProblemCode = ProblemCode> {
  code: C;
  /** A sentence for the developer who reads the answer; never an exception's text. */
  detail?: string;
  /** JSON Pointers (RFC 6901) into the body. */
  errors?: { pointer: string; message: string }[];
  retryAfterSeconds?: number;
  /** `insufficient_user_authentication`: how old the proof may be (RFC 9470). */
  maxAgeSeconds?: number;
  members?: RefusalMembers;
}

/**
 * Too few accessible seats are left, of which these are; whole tables are left, of which these are the smallest, and none or not all of
 * them make up the number; the sections asked for have no room, and others would; seats asked for are taken.
 */
export const SOLD_OUT_REASONS = ["accessible_seats", "whole_tables", "sections", "seats_taken"] as const;
export type SoldOutReason = (typeof SOLD_OUT_REASONS)[number];

/** Extension members (RFC 9457, 3.2) that one code or another documents. */
export interface RefusalMembers {
  /** `sold_out`: what is left of every type that was asked for. */
  available?: { ticketTypeId: string; available: number }[];
  /** `sold_out` of a type with seats, where their number alone does not say it; `seatIds` are then the seats that it is about. */
  reason?: SoldOutReason;
  /** `already_admitted`: when and where the ticket went in. */
  admittedAt?: string;
  gate?: string | null;
  /** `capacity_below_sold`: the pool, the capacity that it was to have, and the numbers that stand against it. */
  poolId?: string;
  capacity?: number;
  sold?: number;
  held?: number;
  blocked?: number;
  /** `seat_taken`, `seat_orphaned`, `seat_for_companion`, `seat_unknown`, `seat_repeated`: the seats meant. */
  seatIds?: string[];
}
