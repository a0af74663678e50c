import { type MemberRole, may, PERMISSIONS, type Permission, type UsersRpc } from "../contracts/organizers";

const REMEMBER_MS = 5_000;
/** Users in a team or at one of its events; beyond it everything is forgotten, which costs a question each. */
const MAX_REMEMBERED = 5_000;

const remembered = new Map<string, { role: MemberRole; untilMs: number }>();

const ALL_PERMISSIONS = Object.keys(PERMISSIONS) as Permission[];

/** Whether the remembered role settles the question. A "no" is always asked again: a membership counts from the next request. */
const settles = (role: MemberRole, permission: Permission | undefined): boolean =>
  permission === undefined ? ALL_PERMISSIONS.every((any) => may(role, any)) : may(role, permission);

/**
 * The user's role in an organizer's team, asked of users and remembered for at most 5 s by this isolate (rule 3), so that it ends
 * without a new login too. Name the permission in question, or only owners and managers are remembered; and the event that is meant,
 * or door staff of some events only have no role at all.
 */
export async function rememberedMembership(
  users: Pick<UsersRpc, "membership">,
  userId: string,
  organizerId: string,
  permission?: Permission,
  eventId?: string,
): Promise<MemberRole | null> {
  const key = `${userId} ${organizerId} ${eventId ?? ""}`;
  const nowMs = Date.now();
  const known = remembered.get(key);
  if (known && known.untilMs > nowMs && settles(known.role, permission)) return known.role;
  const role = await users.membership(userId, organizerId, eventId);
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  if (role) remembered.set(key, { role, untilMs: nowMs + REMEMBER_MS });
  else remembered.delete(key);
  return role;
}
