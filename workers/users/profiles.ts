/** A person as they see themselves: auth's account, and what they added here. */
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { z } from "zod";
import { type Account, User } from "../../shared/contracts/accounts";
import { PersonName } from "../../shared/contracts/orders";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { Lines } from "../../shared/contracts/text";
import { askAccount, storeAccount } from "./accounts";
import { avatarPath } from "./avatars";
import { profiles } from "./schema";

const Bio = Lines.trim().min(1).max(2000);

export const Profile = User.extend({
  phone: z.string().nullable().meta({ description: "E.164" }),
  bio: z.string().nullable(),
  avatarUrl: z.string().nullable().meta({ description: "On this host; another one for each picture" }),
}).meta({ id: "Profile" });
export type Profile = z.infer<typeof Profile>;

export const ProfileChange = z
  .strictObject({ name: PersonName, phone: z.e164().nullable(), bio: Bio.nullable() })
  .partial()
  .meta({ id: "ProfileChange" });
export type ProfileChange = z.infer<typeof ProfileChange>;

export interface StoredProfile {
  profile: Profile;
  /** Auth's and the one here only grow, and so does their sum. */
  version: number;
  /** Of what is kept here, 0 where nothing is yet. */
  ownVersion: number;
}

interface Parts {
  account: Account;
  own: { phone: string | null; bio: string | null; avatarId: string | null; version: number };
}

async function read(env: UsersEnv, userId: string): Promise<Parts | null> {
  const [account, row] = await Promise.all([
    askAccount(env, userId),
    drizzle(env.DB).select().from(profiles).where(eq(profiles.userId, userId)).get(),
  ]);
  return account && { account, own: row ?? { phone: null, bio: null, avatarId: null, version: 0 } };
}

function stored({ account, own }: Parts): StoredProfile {
  const { version, ...user } = account;
  const avatarUrl = own.avatarId === null ? null : avatarPath(user.id, own.avatarId);
  return {
    profile: { ...user, phone: own.phone, bio: own.bio, avatarUrl },
    version: version + own.version,
    ownVersion: own.version,
  };
}

export async function readProfile(env: UsersEnv, userId: string): Promise<Result<StoredProfile, Refusal<"user_not_found">>> {
  const parts = await read(env, userId);
  return parts ? ok(stored(parts)) : refuse({ code: "user_not_found" });
}

/**
 * Changes the fields present. `ifVersion` is that of the profile as a whole, null for whatever it is. Two databases know no common
 * transaction: what is kept here is written first, and where auth then refuses the name, as somebody changed the account in between, or
 * fails, it gets its old values back. A 412 has thus changed no field, but it may have moved the version on by two: whoever read the
 * profile in between hears 412 once as well, and reads again.
 */
export async function changeProfile(
  env: UsersEnv,
  userId: string,
  { name, ...change }: ProfileChange,
  ifVersion: number | null,
  nowMs: number,
): Promise<Result<StoredProfile, Refusal<"user_not_found" | "version_stale">>> {
  const parts = await read(env, userId);
  if (!parts) return refuse({ code: "user_not_found" });
  const { account, own } = parts;
  if (ifVersion !== null && ifVersion !== account.version + own.version) return refuse({ code: "version_stale" });

  const next = await changeOwn(env, userId, change, ifVersion === null ? null : own.version, nowMs);
  if (next === null) return refuse({ code: "version_stale" });
  if (name === undefined) return ok(stored({ account, own: next ?? own }));
  const undo = () => undoOwn(env, userId, change, own, nowMs);
  const renamed = await rename(env, account, name, ifVersion === null ? null : account.version).catch(async (error: unknown) => {
    await undo();
    throw error;
  });
  if (!renamed.ok) {
    await undo();
    return refuse(renamed.error);
  }
  await storeAccount(env.DB, renamed.value).run();
  return ok(stored({ account: renamed.value, own: next ?? own }));
}

/**
 * As auth does, but where its answer is lost it is asked what came about. Throws auth's error where the name did not, or where that
 * cannot be learned either, which most often means that auth was not reached at all.
 */
async function rename(
  env: UsersEnv,
  before: Account,
  name: string,
  ifVersion: number | null,
): Promise<Result<Account, Refusal<"user_not_found" | "version_stale">>> {
  try {
    return await env.AUTH.rename(before.id, name, ifVersion);
  } catch (error) {
    const now = await askAccount(env, before.id).catch(() => null);
    if (now === null || now.name !== name || now.version === before.version) throw error;
    return ok(now);
  }
}

type OwnChange = Pick<ProfileChange, "phone" | "bio">;

/** What is kept here as it stands now; null when it was no longer at `ifVersion`, undefined where nothing of it is named. */
async function changeOwn(
  env: UsersEnv,
  userId: string,
  { phone, bio }: OwnChange,
  ifVersion: number | null,
  nowMs: number,
): Promise<Parts["own"] | null | undefined> {
  if (phone === undefined && bio === undefined) return undefined;
  return env.DB.prepare(
    `INSERT INTO profiles (user_id, phone, bio, version, updated_at_ms) VALUES (?1, ?2, ?3, 1, ?4)
     ON CONFLICT (user_id) DO UPDATE SET phone = iif(?5, excluded.phone, phone), bio = iif(?6, excluded.bio, bio),
       version = version + 1, updated_at_ms = excluded.updated_at_ms
     WHERE version = coalesce(?7, version)
     RETURNING phone, bio, avatar_id AS avatarId, version`,
  )
    .bind(userId, phone ?? null, bio ?? null, nowMs, phone === undefined ? 0 : 1, bio === undefined ? 0 : 1, ifVersion)
    .first<Parts["own"]>();
}

/** Field by field, so that what somebody else wrote meanwhile stays: no version guards what has to go. */
async function undoOwn(env: UsersEnv, userId: string, written: OwnChange, before: OwnChange, nowMs: number): Promise<void> {
  if (written.phone === undefined && written.bio === undefined) return;
  await env.DB.prepare(
    `UPDATE profiles SET phone = iif(?2 AND phone IS ?3, ?4, phone), bio = iif(?5 AND bio IS ?6, ?7, bio),
       version = version + 1, updated_at_ms = ?8
     WHERE user_id = ?1`,
  )
    .bind(
      userId,
      ...[written.phone === undefined ? 0 : 1, written.phone ?? null, before.phone ?? null],
      ...[written.bio === undefined ? 0 : 1, written.bio ?? null, before.bio ?? null],
      nowMs,
    )
    .run();
}
