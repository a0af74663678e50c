import { z } from "zod";
import type { DomainRpc } from "./domain";
import { Id, Timestamp } from "./ids";

export const ROLES = ["user", "organizer", "admin"] as const;
export const ACCOUNT_STATUSES = ["pending", "active", "suspended", "deleted"] as const;

export const User = z
  .object({
    id: Id,
    email: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    status: z.enum(ACCOUNT_STATUSES),
    emailVerified: z.boolean(),
    mfaEnabled: z.boolean(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: "User" });
export type User = z.infer<typeof User>;

/** A mail that only auth can complete, because the token is derived there and never travels in a message (rule 21). */
export interface AccountMail {
  id: string;
  kind: "verification" | "already_registered" | "password_reset";
  to: string;
  name: string;
  /** Absent where the mail carries none. */
  token?: string;
}

export interface AuthRpc extends DomainRpc {
  /** Public JSON Web Keys (RFC 7517) that may have signed an access token still alive. */
  jwks(): Promise<{ keys: JsonWebKey[] }>;
  /** Accounts by id, those that exist; at most 100 ids. */
  accounts(ids: string[]): Promise<User[]>;
  /** What a mail of this id says; an id that is gone or was used is left out. At most 100 ids. */
  accountMails(ids: string[]): Promise<AccountMail[]>;
}
