/** A person as they see themselves: auth's account, and what they added here. */
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { z } from "zod";
import { type Account, User } from "../../shared/contracts/accounts";
import { PersonName } from "../../shared/contracts/orders";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { askAccount, storeAccount } from "./accounts";
import { profiles } from "./schema";

const Bio = z
  .string()
  .trim()
  .min(1)
  .max(2000)
  .refine((text) => text.isWellFormed(), "Unicode text");

export const Profile = User.extend({
  phone: z.string().nullable().meta({ description: "E.164" }),
  bio: z.string().nullable(),
}).meta({ id: "Profile" });
export type Profile = z.infer<typeof Profile>;

export const ProfileChange = z
  .strictObject({ name: PersonName, phone: z.e164().nullable(), bio: Bio.nullable() })
  .partial()
  .meta({ id: "ProfileChange" });
export type ProfileChange = z.infer<typeof ProfileChange>;

export interface StoredProfile {
  profile: Profile;
  /** Both versions only grow, and so does their sum. */
  version: number;
}

interface Parts {
  account: Account;
  own: { phone: string | null; bio: string | null; version: number };
}

async function read(env: UsersEnv, userId: string): Promise<Parts | null> {
  const [account, row] = await Promise.all([
    askAccount(env, userId),
    drizzle(env.DB).select().from(profiles).where(eq(profiles.userId, userId)).get(),
  ]);
  return account && { account, own: row ?? { phone: null, bio: null, version: 0 } };
}

function stored({ account, own }: Parts): StoredProfile {
  const { version, ...user } = account;
  return { profile: { ...user, phone: own.phone, bio: own.bio }, version: version + own.version };
}

export async function readProfile(env: UsersEnv, userId: string): Promise<Result<StoredProfile, Refusal<"user_not_found">>> {
  const parts = await read(env, userId);
  return parts ? ok(stored(parts)) : refuse({ code: "user_not_found" });
}

/** Changes the fields present; the name is auth's to change. `ifVersion` is that of the profile as a whole, null for whatever it is. */
export async function changeProfile(
  env: UsersEnv,
  userId: string,
  { name, phone, bio }: ProfileChange,
  ifVersion: number | null,
  nowMs: number,
): Promise<Result<StoredProfile, Refusal<"user_not_found" | "version_stale" | "state_moved">>> {
  const parts = await read(env, userId);
  if (!parts) return refuse({ code: "user_not_found" });
  const { account, own } = parts;
  if (ifVersion !== null && ifVersion !== account.version + own.version) return refuse({ code: "version_stale" });

  let next = own;
  if (phone !== undefined || bio !== undefined) {
    next = { phone: phone === undefined ? own.phone : phone, bio: bio === undefined ? own.bio : bio, version: own.version + 1 };
    const { meta } = await env.DB.prepare(
      `INSERT INTO profiles (user_id, phone, bio, version, updated_at_ms) VALUES (?1, ?2, ?3, ?4, ?5)
       ON CONFLICT (user_id) DO UPDATE SET phone = excluded.phone, bio = excluded.bio, version = excluded.version,
         updated_at_ms = excluded.updated_at_ms
       WHERE profiles.version = excluded.version - 1`,
    )
      .bind(userId, next.phone, next.bio, next.version, nowMs)
      .run();
    if (meta.changes !== 1) return refuse({ code: ifVersion === null ? "state_moved" : "version_stale" });
  }
  if (name === undefined) return ok(stored({ account, own: next }));

  const renamed = await env.AUTH.rename(userId, name, ifVersion === null ? null : account.version);
  if (!renamed.ok) return refuse(renamed.error);
  await storeAccount(env.DB, renamed.value).run();
  return ok(stored({ account: renamed.value, own: next }));
}
