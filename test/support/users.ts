/** The users Worker's verbs with an auth beside it that knows these accounts. */
import { env } from "cloudflare:workers";
import type { Account } from "../../shared/contracts/accounts";
import type { LackOfProof } from "../../shared/http/guards";
import { addMember } from "../../workers/users/members";
import { createOrganizer } from "../../workers/users/organizers";
import type { TeamCaller } from "../../workers/users/ownership";

export const accountOf = (change: Partial<Account> = {}): Account => ({
  id: crypto.randomUUID(),
  email: `${crypto.randomUUID()}@people.example`,
  name: "Somebody",
  role: "user",
  status: "active",
  emailVerified: true,
  mfaEnabled: false,
  createdAt: "2027-01-01T00:00:00.000Z",
  updatedAt: "2027-01-01T00:00:00.000Z",
  version: 2,
  ...change,
});

/** Who has just signed in, or lacks the proof of that. */
export const proved = (userId: string, lack: LackOfProof | null = null): TeamCaller => ({ userId, lack });

export function startUsers(known: Account[], db = env.USERS_DB): UsersEnv {
  const find = (test: (account: Account) => boolean) => known.filter(test);
  const auth = {
    accounts: async (ids: string[]) => structuredClone(find(({ id }) => ids.includes(id))),
    accountOfEmail: async (email: string) => find((account) => account.email === email.toLowerCase())[0] ?? null,
    rename: async (id: string, name: string, ifVersion: number | null) => {
      const account = find((candidate) => candidate.id === id)[0];
      if (!account || (ifVersion !== null && account.version !== ifVersion))
        return { ok: false, error: { code: "version_stale" } };
      Object.assign(account, { name, version: account.version + 1 });
      return { ok: true, value: account };
    },
    changeStatus: async (actorId: string, id: string, status: Account["status"]) => {
      const account = find((candidate) => candidate.id === id)[0];
      if (!account || actorId === id) return { ok: false, error: { code: "forbidden" } };
      Object.assign(account, { status, version: account.version + 1 });
      return { ok: true, value: account };
    },
  };
  const mailbox = { sendBatch: async () => undefined };
  // The doors of auth that users asks, and the one verb of a queue.
  return {
    NOTIFICATIONS_MAILBOX: mailbox as unknown as Queue,
    INVITATION_KEY: env.INVITATION_KEY,
    DB: db,
    AVATARS: env.AVATARS,
    ENVIRONMENT: "development",
    AUTH: auth as unknown as UsersEnv["AUTH"],
  };
}

const NOW_MS = Date.parse("2027-01-01T12:00:00Z");

/** A team of its owner and, where there are more, of managers. */
export async function openTeam(people: Account[], db = env.USERS_DB) {
  const users = startUsers(people, db);
  const told: Promise<unknown>[] = [];
  const after = { waitUntil: (promise: Promise<unknown>) => void told.push(promise) };
  const [owner, ...others] = people as [Account, ...Account[]];
  const created = await createOrganizer(users, owner.id, { name: "Blue Note", slug: `s-${crypto.randomUUID()}` }, NOW_MS);
  if (!created.ok) throw new Error(created.error.code);
  const { id } = created.value;
  for (const { id: userId } of others) await addMember(users, after, proved(owner.id), id, { userId, role: "manager" }, NOW_MS);
  await Promise.all(told);
  return { users, id, owner };
}
