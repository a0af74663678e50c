/** What ends an invitation before its week: its giver may no longer give it, or who was asked is in the team, or was sent away. */
import { PERMISSIONS } from "../../shared/contracts/organizers";

const GIVING_ROLES = PERMISSIONS["members:write"].map((role) => `'${role}'`).join(", ");

/** Of a row of `invitations`: its giver is in the team, as somebody who may make others what it makes. */
const GIVER = `FROM memberships givers JOIN accounts giver ON giver.id = givers.user_id
  WHERE givers.organizer_id = invitations.organizer_id AND givers.user_id = invitations.invited_by
    AND (givers.role = 'owner' OR (givers.role IN (${GIVING_ROLES}) AND invitations.role <> 'owner'))`;

/** True of an invitation that its giver could give now. Of somebody suspended it counts again when he does. */
export const STILL_GIVEN = `EXISTS (SELECT 1 ${GIVER} AND giver.status = 'active')`;

/** Those that somebody gave and may no longer give: after his role changed, or he left. */
export const takeBackFrom = (db: D1Database, organizerId: string, userId: string, nowMs: number): D1PreparedStatement =>
  db
    .prepare(
      `UPDATE invitations SET status = 'revoked', settled_at_ms = ?3
       WHERE organizer_id = ?1 AND invited_by = ?2 AND status = 'open' AND NOT EXISTS (SELECT 1 ${GIVER})`,
    )
    .bind(organizerId, userId, nowMs);

/** Those to somebody who has just joined in another way, or was sent away: none is left to come in by later. */
export const settleThoseTo = (db: D1Database, organizerId: string, userId: string, nowMs: number): D1PreparedStatement =>
  db
    .prepare(
      `UPDATE invitations SET status = 'revoked', settled_at_ms = ?3 WHERE organizer_id = ?1 AND status = 'open'
         AND email_key = (SELECT email_key FROM accounts WHERE id = ?2)`,
    )
    .bind(organizerId, userId, nowMs);
