import { BrandSettingsDraft } from "../../shared/contracts/branding";
import { domainApp } from "../../shared/http/app";
import { checkIfMatch, etagOfVersion, isFresh } from "../../shared/http/etag";
import { form, pathId, unwrap } from "../../shared/http/form";
import { anyone } from "../../shared/http/guards";
import { operation } from "../../shared/http/operation";
import { Problem } from "../../shared/http/problem";
import { readSettings, saveSettings } from "./brand-settings";
import type { Env } from "./environment";
import { operations } from "./operations";
import { organizerExists, requireMember } from "./organizers";

export const app = domainApp<Env>()
  .post(
    "/branding/settings",
    operation(operations.saveBrandSettings),
    requireMember("branding:write"),
    form(BrandSettingsDraft),
    async (c) => {
      const current = await readSettings(c.env.DB, c.var.form.organizerId);
      checkIfMatch(c, etagOfVersion(current.version));
      const answer = await saveSettings(c.env.DB, current, c.var.form, Date.now());
      // Whoever insisted on a version hears that it is not the one any more, also when it changed just now.
      if (!answer.ok && (c.req.header("if-match") ?? "*").trim() !== "*") throw new Problem("version_stale");
      const saved = unwrap(answer);
      return c.json(saved.settings, 200, { etag: etagOfVersion(saved.version) });
    },
  )
  .get("/branding/settings/:organizerId", operation(operations.getBrandSettings), anyone(), async (c) => {
    const organizerId = pathId(c, "organizerId", "organizer_not_found");
    const { settings, version } = await readSettings(c.env.DB, organizerId);
    // Only members of an organizer that exists can have saved anything, so that the question is asked once at most.
    if (version === 0 && !(await organizerExists(c.env, organizerId))) throw new Problem("organizer_not_found");
    const headers = { etag: etagOfVersion(version), "cache-control": "public, max-age=0, s-maxage=2" };
    return isFresh(c, headers.etag) ? c.body(null, 304, headers) : c.json(settings, 200, headers);
  });
