/** What passkeys' routes take and answer. */
import { z } from "zod";
import { Id, Timestamp, toTimestamp } from "../../shared/contracts/ids";
import { Assertion, CredentialId } from "./passkey-proofs";
import { RECOVERY_CODES } from "./recovery-codes";
import type { PasskeyRow } from "./schema";

const MAX_NAME_CHARACTERS = 64;
/** Attestation is not asked for; what comes with it all the same may be a chain of certificates. */
const MAX_ATTESTATION_CHARACTERS = 65_536;

export const PasskeyName = z
  .string()
  .trim()
  .min(1)
  .max(MAX_NAME_CHARACTERS)
  .regex(/^\P{Cc}*$/u, "no control characters");

export const Attestation = z
  .object({
    id: CredentialId,
    rawId: CredentialId,
    type: z.literal("public-key"),
    response: z.object({
      clientDataJSON: z.string().max(MAX_ATTESTATION_CHARACTERS),
      attestationObject: z.string().max(MAX_ATTESTATION_CHARACTERS),
      transports: z.array(z.string().max(32)).max(8).optional(),
    }),
    clientExtensionResults: z.record(z.string(), z.unknown()).default({}),
  })
  .meta({ id: "PasskeyAttestation", description: "`PublicKeyCredential.toJSON()` of `navigator.credentials.create()`" });
export type Attestation = z.infer<typeof Attestation>;

export const PasskeyDraft = z
  .strictObject({ name: PasskeyName.optional(), credential: Attestation })
  .meta({ id: "PasskeyDraft" });
export type PasskeyDraft = z.infer<typeof PasskeyDraft>;
export const PasskeyChange = z.strictObject({ name: PasskeyName }).meta({ id: "PasskeyChange" });
export const PasskeyLogin = z.strictObject({ credential: Assertion }).meta({ id: "PasskeyLogin" });

export const Passkey = z
  .object({
    id: Id,
    name: z.string(),
    /** Whether its provider keeps copies on other devices. */
    backedUp: z.boolean(),
    createdAt: Timestamp,
    lastUsedAt: Timestamp.nullable(),
  })
  .meta({ id: "Passkey" });
export type Passkey = z.infer<typeof Passkey>;

export const AddedPasskey = Passkey.extend({
  recoveryCodes: z
    .array(z.string())
    .length(RECOVERY_CODES)
    .optional()
    .meta({ description: "With an account's first factor; shown once, each works once" }),
}).meta({ id: "AddedPasskey" });
export type AddedPasskey = z.infer<typeof AddedPasskey>;

export const PasskeyList = z.object({ data: z.array(Passkey), nextCursor: z.null() }).meta({ id: "PasskeyList" });

/** What is made of a browser's `PublicKeyCredentialCreationOptionsJSON`; the browser is who reads all of it. */
export const PasskeyInvitation = z
  .looseObject({
    challenge: z.string(),
    rp: z.object({ id: z.string().optional(), name: z.string() }),
    user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
    pubKeyCredParams: z.array(z.object({ type: z.literal("public-key"), alg: z.int() })),
  })
  .meta({ id: "PasskeyInvitation", description: "What `PublicKeyCredential.parseCreationOptionsFromJSON()` takes" });
export type PasskeyInvitation = z.infer<typeof PasskeyInvitation>;

export const passkeyOf = (row: PasskeyRow): Passkey => ({
  id: row.id,
  name: row.name,
  backedUp: row.backedUp,
  createdAt: toTimestamp(row.createdAtMs),
  lastUsedAt: row.lastUsedAtMs === null ? null : toTimestamp(row.lastUsedAtMs),
});
