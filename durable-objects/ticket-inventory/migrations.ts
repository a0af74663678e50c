import type { SchemaSteps } from "../../shared/durable/migrations";
import { FEED_SCHEMA } from "./feed-schema";
import { SEAT_SCHEMA } from "./seat-schema";
import { CONFIRMED_WAITING_SCHEMA, FORGOTTEN_WAITING_SCHEMA, WAITING_SCHEMA } from "./waiting-schema";

/** The name that SQLite reports when a pool has no room; `pools.ts` makes a refusal of this one error and of no other. */
export const ROOM_LEFT = "room_left";

/**
 * Append only. `room_left` is the guard of the whole house against overselling: whatever a command does, no row of `pools` can say that
 * more is sold, held and blocked than there is.
 */
export const INVENTORY_SCHEMA: SchemaSteps = [
  `
  CREATE TABLE event (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    event_id TEXT NOT NULL,
    organizer_id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 0),
    change_id TEXT NOT NULL,
    is_public INTEGER NOT NULL CHECK (is_public IN (0, 1)),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    end_ms INTEGER NOT NULL,
    hold_ms INTEGER NOT NULL CHECK (hold_ms > 0),
    max_per_address INTEGER CHECK (max_per_address > 0),
    unpaid_orders_per_person INTEGER CHECK (unpaid_orders_per_person > 0),
    anonymous_share REAL CHECK (anonymous_share > 0 AND anonymous_share <= 1),
    state TEXT NOT NULL CHECK (state IN ('open', 'cancelled', 'completed'))
  ) STRICT;

  CREATE TABLE pools (
    id TEXT PRIMARY KEY,
    capacity INTEGER NOT NULL,
    sold INTEGER NOT NULL DEFAULT 0,
    held INTEGER NOT NULL DEFAULT 0,
    -- Of these, by people who are not signed in.
    held_anonymously INTEGER NOT NULL DEFAULT 0,
    -- Kept back by the organizer: nothing writes it before seats can be blocked, and the constraint counts it from the first day.
    blocked INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT room_left CHECK (sold + held + blocked <= capacity),
    CONSTRAINT never_negative CHECK (capacity >= 0 AND sold >= 0 AND held >= 0 AND blocked >= 0),
    CONSTRAINT anonymous_among_held CHECK (held_anonymously BETWEEN 0 AND held)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE ticket_types (
    id TEXT PRIMARY KEY,
    position INTEGER NOT NULL CHECK (position >= 0),
    name TEXT NOT NULL,
    description TEXT,
    quantity INTEGER NOT NULL CHECK (quantity >= 0),
    unit_price_minor INTEGER NOT NULL CHECK (unit_price_minor >= 0),
    min_per_order INTEGER NOT NULL CHECK (min_per_order >= 1),
    max_per_order INTEGER NOT NULL CHECK (max_per_order >= min_per_order),
    sale_start_ms INTEGER,
    sale_end_ms INTEGER
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE ticket_type_pools (
    ticket_type_id TEXT NOT NULL REFERENCES ticket_types (id),
    pool_id TEXT NOT NULL REFERENCES pools (id),
    PRIMARY KEY (ticket_type_id, pool_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE holds (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    request_hash TEXT NOT NULL,
    holder_kind TEXT NOT NULL CHECK (holder_kind IN ('user', 'address', 'buyer')),
    holder_key TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('held', 'claimed', 'confirmed', 'expired', 'released')),
    order_id TEXT,
    config_version INTEGER NOT NULL,
    placed_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    -- Its end is never moved beyond this.
    cap_ms INTEGER NOT NULL,
    reacquired INTEGER NOT NULL DEFAULT 0 CHECK (reacquired >= 0),
    -- The tickets with their frozen names and prices: a JSON list of held lines, written and read with the hold alone.
    lines TEXT NOT NULL CHECK (json_valid(lines)),
    CHECK (expires_at_ms <= cap_ms),
    CHECK (order_id IS NOT NULL OR status IN ('held', 'expired', 'released')),
    CHECK (order_id IS NULL OR status <> 'held')
  ) STRICT;
  CREATE UNIQUE INDEX holds_order ON holds (order_id) WHERE order_id IS NOT NULL;
  CREATE INDEX holds_due ON holds (expires_at_ms) WHERE status IN ('held', 'claimed');
  CREATE INDEX holds_holder ON holds (holder_kind, holder_key) WHERE status IN ('held', 'claimed', 'confirmed');

  CREATE TABLE kept_refusals (
    number INTEGER PRIMARY KEY,
    hold_id TEXT NOT NULL UNIQUE,
    request_hash TEXT NOT NULL,
    refusal TEXT NOT NULL CHECK (json_valid(refusal)),
    kept_until_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE orders (
    order_id TEXT PRIMARY KEY,
    outcome TEXT NOT NULL CHECK (outcome IN ('confirmed', 'released')),
    reason TEXT CHECK ((reason IS NULL) = (outcome = 'confirmed')),
    decided_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE tickets (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    order_id TEXT NOT NULL REFERENCES orders (order_id),
    ticket_type_id TEXT NOT NULL REFERENCES ticket_types (id),
    status TEXT NOT NULL CHECK (status IN ('valid', 'admitted', 'void', 'transferred')),
    version INTEGER NOT NULL CHECK (version >= 1),
    holder_name TEXT NOT NULL,
    holder_email TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX tickets_order ON tickets (order_id);

  CREATE TABLE admissions (
    ticket_id TEXT PRIMARY KEY REFERENCES tickets (id),
    admitted_at_ms INTEGER NOT NULL,
    gate TEXT,
    device_id TEXT NOT NULL,
    scanned_at_ms INTEGER
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE scans (
    device_id TEXT NOT NULL,
    nonce TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    ticket_id TEXT NOT NULL REFERENCES tickets (id),
    outcome TEXT NOT NULL CHECK (outcome IN ('admitted', 'already_admitted', 'ticket_void')),
    PRIMARY KEY (device_id, nonce)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- What was last told of the stock, as JSON, so that whatever was forgotten or cut off meanwhile, what is untold is what differs.
  CREATE TABLE announced_stock (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL CHECK (version >= 0),
    ticket_types TEXT NOT NULL CHECK (json_valid(ticket_types)),
    announced_at_ms INTEGER NOT NULL
  ) STRICT;
  INSERT INTO announced_stock (id, version, ticket_types, announced_at_ms) VALUES (1, 0, '[]', 0);

  CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    envelope TEXT NOT NULL CHECK (json_valid(envelope)),
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    due_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX outbox_due ON outbox (due_at_ms);
  `,
  `
  -- By which a look counts the admissions of the last quarter of an hour, however many there were before.
  CREATE INDEX admissions_by_time ON admissions (admitted_at_ms);

  -- What was last told of the admissions, as JSON; none were told before this table was there.
  CREATE TABLE announced_admissions (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL CHECK (version >= 0),
    quarters TEXT NOT NULL CHECK (json_valid(quarters)),
    announced_at_ms INTEGER NOT NULL
  ) STRICT;
  INSERT INTO announced_admissions (id, version, quarters, announced_at_ms) VALUES (1, 0, '[]', 0);
  `,
  `
  ALTER TABLE event ADD COLUMN hold_cap_ms INTEGER NOT NULL DEFAULT 10800000 CHECK (hold_cap_ms > 0);
  UPDATE event SET hold_cap_ms = 3 * hold_ms;
  ALTER TABLE event ADD COLUMN max_per_person INTEGER CHECK (max_per_person > 0);
  ALTER TABLE event ADD COLUMN seat_map_id TEXT;
  ALTER TABLE event ADD COLUMN refuse_orphan_seats INTEGER NOT NULL DEFAULT 0 CHECK (refuse_orphan_seats IN (0, 1));
  ALTER TABLE event ADD COLUMN allow_waitlist INTEGER NOT NULL DEFAULT 0 CHECK (allow_waitlist IN (0, 1));
  ALTER TABLE event ADD COLUMN offer_ms INTEGER NOT NULL DEFAULT 86400000 CHECK (offer_ms > 0);

  -- The type whose end opens this one, and when that was: what has opened stays open.
  ALTER TABLE ticket_types ADD COLUMN opens_after TEXT;
  ALTER TABLE ticket_types ADD COLUMN opened_at_ms INTEGER;
  ALTER TABLE ticket_types ADD COLUMN max_per_person INTEGER CHECK (max_per_person > 0);
  ALTER TABLE ticket_types ADD COLUMN seat_categories TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(seat_categories));

  -- An allocation, and a plain pool that it lies within.
  CREATE TABLE pool_surroundings (
    allocation_id TEXT NOT NULL REFERENCES pools (id),
    pool_id TEXT NOT NULL REFERENCES pools (id),
    PRIMARY KEY (allocation_id, pool_id),
    CHECK (allocation_id <> pool_id)
  ) STRICT, WITHOUT ROWID;

  -- HMACs of whom the order's tickets are counted for: his mail address, and his means of payment.
  ALTER TABLE holds ADD COLUMN person_key TEXT;
  ALTER TABLE holds ADD COLUMN fingerprint_key TEXT;
  -- JSON: lines of a partial hold that got nothing, and lines whose price changed when the hold was taken again.
  ALTER TABLE holds ADD COLUMN refused TEXT CHECK (json_valid(refused));
  ALTER TABLE holds ADD COLUMN repriced TEXT CHECK (json_valid(repriced));
  CREATE INDEX holds_person ON holds (person_key) WHERE person_key IS NOT NULL AND status IN ('claimed', 'confirmed');
  CREATE INDEX holds_fingerprint ON holds (fingerprint_key) WHERE fingerprint_key IS NOT NULL AND status = 'confirmed';
  `,
  SEAT_SCHEMA,
  FEED_SCHEMA,
  WAITING_SCHEMA,
  `
  -- Holds that could not end by themselves: they have ended, and what they had has not come back.
  CREATE TABLE stuck_holds (
    hold_id TEXT PRIMARY KEY REFERENCES holds (id),
    why TEXT NOT NULL,
    noted_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Whether the address behind person_key was proved to be the buyer's.
  ALTER TABLE holds ADD COLUMN person_verified INTEGER NOT NULL DEFAULT 0 CHECK (person_verified IN (0, 1));
  `,
  CONFIRMED_WAITING_SCHEMA,
  `
  -- Companions' seats of the event's map that anybody may have: their segments say that they are ordinary ones.
  CREATE TABLE released_companions (seat_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  `,
  FORGOTTEN_WAITING_SCHEMA,
  `
  -- The version of the last news of swapped seats.
  CREATE TABLE announced_swaps (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL CHECK (version >= 0)
  ) STRICT;
  INSERT INTO announced_swaps (id, version) VALUES (1, 0);
  `,
  `
  -- Of a cancelled event's types, tickets that were made void since: their places stay taken, and nobody counts its tickets to tell them.
  CREATE TABLE void_places (
    ticket_type_id TEXT PRIMARY KEY,
    tickets INTEGER NOT NULL CHECK (tickets > 0)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO void_places (ticket_type_id, tickets)
    SELECT p.id, p.sold - COUNT(k.id) FROM event e JOIN ticket_types t JOIN pools p ON p.id = t.id
      LEFT JOIN tickets k ON k.ticket_type_id = t.id AND k.status <> 'void'
    WHERE e.state = 'cancelled' GROUP BY p.id HAVING p.sold > COUNT(k.id);
  `,
];
