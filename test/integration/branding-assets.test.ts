/** A picture's way from its organizer's desk to the pages on his host, and files that must not get in. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { BrandAsset, BrandSettings } from "../../shared/contracts/branding";
import type { Organizer } from "../../shared/contracts/organizers";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { listOf } from "../../shared/http/list";
import { connect, parse } from "../support/client";
import { bytesOf, png } from "../support/pictures";
import { createOrganizer, type Person, registerAndLogin } from "../support/scenes";

const api = connect(inject("origin"));
let owner: Person;
let organizer: Organizer;
let query: string;

beforeAll(async () => {
  owner = await registerAndLogin(api, { name: "Olga Owner" });
  organizer = await createOrganizer(owner);
  query = `organizerId=${organizer.id}&kind=logo`;
});

const upload = (bytes: Uint8Array, headers: Record<string, string> = { "content-type": "application/octet-stream" }) =>
  owner.api.send("POST", `/branding/assets?${query}`, bytes, { headers });

describe("a logo", () => {
  test("is uploaded, named by the settings, served on the organizer's host, kept while it is shown, and goes", async () => {
    const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 16" onload="alert(1)"><script>alert(1)</script><rect width="64" height="16" fill="#7c2d12"/></svg>`;
    const boundary = "a-boundary";
    const part = (name: string, value: string) =>
      `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const form = `${part("organizerId", organizer.id)}${part("kind", "logo")}${part('file"; filename="logo.png', drawing)}--${boundary}--\r\n`;
    const multipart = { headers: { "content-type": `multipart/form-data; boundary=${boundary}` } };
    const made = await owner.api.send("POST", "/v1/branding/assets", form, multipart);
    const asset = parse(BrandAsset, made, 201);
    expect(asset).toMatchObject({ contentType: "image/svg+xml", width: 64, height: 16, kind: "logo" });
    expect(parse(BrandAsset, await owner.api.send("POST", "/branding/assets", form, multipart), 200)).toEqual(asset);

    const draft = { organizerId: organizer.id, logoAssetId: asset.id, tagline: "Jazz", links: [] };
    const settings = parse(BrandSettings, await owner.api.post("/branding/settings", draft), 200);
    expect(settings.logo).toEqual({ assetId: asset.id, url: asset.url, contentType: "image/svg+xml", width: 64, height: 16 });

    const host = `${organizer.slug}.localhost`;
    const served = await api.get(asset.url, { host });
    expect([served.status, served.headers.get("content-type")]).toEqual([200, "image/svg+xml"]);
    expect(served.text).not.toMatch(/script|alert|onload/);
    expect(served.text).toContain("<rect");
    expect(served.headers.get("content-security-policy")).toMatch(/^sandbox; default-src 'none'; style-src 'unsafe-inline'/);
    expect(served.headers.get("x-content-type-options")).toBe("nosniff");
    expect(served.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    const etag = served.headers.get("etag") ?? "";
    expect((await api.get(asset.url, { host, headers: { "if-none-match": etag } })).status).toBe(304);
    const some = await api.get(asset.url, { headers: { range: "bytes=0-3", "if-range": etag } });
    expect([some.status, some.text, some.headers.get("content-range")]).toEqual([206, "<svg", `bytes 0-3/${asset.sizeBytes}`]);
    const head = await api.send("HEAD", asset.url, undefined);
    expect([head.status, head.headers.get("content-length"), head.text]).toEqual([200, String(asset.sizeBytes), ""]);
    expect((await api.get(asset.url, { headers: { range: "bytes=99999-" } })).status).toBe(416);

    expect(parse(ProblemBody, await owner.api.delete(asset.url), 409).code).toBe("asset_in_use");
    parse(BrandSettings, await owner.api.post("/branding/settings", { organizerId: organizer.id, logoAssetId: null }), 200);
    const listed = await owner.api.get(`/branding/assets?organizerId=${organizer.id}`);
    expect(parse(listOf(BrandAsset), listed, 200).data).toEqual([asset]);
    expect((await owner.api.delete(asset.url)).status).toBe(204);
    expect(parse(ProblemBody, await api.get(asset.url, { host }), 404).code).toBe("asset_not_found");
  });

  test("that is none is refused, whatever it calls itself", async () => {
    const stranger = await registerAndLogin(api);
    const code = async (answer: Promise<Parameters<typeof parse>[1]>, status: number) =>
      parse(ProblemBody, await answer, status).code;
    const says = { "content-type": "image/png" };
    expect(await code(upload(bytesOf("<!doctype html><script>alert(1)</script>"), says), 415)).toBe("asset_type_unsupported");
    expect(await code(upload(png(9, 9).subarray(0, 60), says), 422)).toBe("asset_broken");
    expect(await code(upload(png(2, 2, { says: [60_000, 60_000] }), says), 422)).toBe("asset_too_large");
    expect(await code(upload(new Uint8Array(2 * 1024 * 1024)), 415)).toBe("asset_type_unsupported");
    expect(await code(stranger.api.send("POST", `/branding/assets?${query}`, png()), 403)).toBe("forbidden");
    expect(await code(api.send("POST", `/branding/assets?${query}`, png()), 401)).toBe("credential_missing");
    expect(await code(api.get(`/branding/assets?${query}`), 401)).toBe("credential_missing");
    expect(await code(api.get("/branding/assets/nothing"), 404)).toBe("asset_not_found");
    const foreign = { organizerId: organizer.id, coverAssetId: crypto.randomUUID() };
    expect(await code(owner.api.post("/branding/settings", foreign), 422)).toBe("asset_unknown");
  });
});

describe("a file of half a gigabyte", () => {
  const CHUNK = Buffer.alloc(64 * 1024);
  const FILE_BYTES = 512 * 1024 * 1024;

  /**
   * Sends until it is answered or cut off: 0, as a sender may hear of the end of the line before he hears why, and the local proxy then
   * has a word of its own.
   */
  function pour(headers: Record<string, string>): Promise<{ status: number; sent: number }> {
    return new Promise((resolve, reject) => {
      let sent = 0;
      const url = new URL(`/branding/assets?${query}`, api.origin);
      const outgoing = request(url.href, { method: "POST", headers, agent: false }, (incoming) => {
        incoming.resume();
        const ours = incoming.headers["content-type"] === "application/problem+json";
        resolve({ status: ours ? (incoming.statusCode ?? 0) : 0, sent });
        outgoing.destroy();
      });
      const more = (): void => {
        while (sent < FILE_BYTES && !outgoing.destroyed) {
          sent += CHUNK.length;
          if (!outgoing.write(CHUNK)) return;
        }
        outgoing.end();
      };
      outgoing.on("drain", more);
      outgoing.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code === "ECONNRESET" || error.code === "EPIPE") resolve({ status: 0, sent });
        else reject(error);
      });
      more();
    });
  }

  /** What every workerd below this test's runner holds, null where no /proc tells. */
  function heldBytes(): number | null {
    if (!existsSync("/proc/self/status")) return null;
    const processes = new Map<number, { parent: number; bytes: number }>();
    for (const id of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      const status = statusOf(id);
      const number = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
      const bytes = /^Name:\s+workerd/m.test(status) ? number("VmRSS") * 1024 : 0;
      processes.set(Number(id), { parent: number("PPid"), bytes });
    }
    const isOurs = (id: number | undefined): boolean =>
      id === process.ppid || (id !== undefined && id > 1 && isOurs(processes.get(id)?.parent));
    return [...processes].reduce((sum, [id, { bytes }]) => sum + (isOurs(id) ? bytes : 0), 0);
  }

  /** Empty for a process that ended meanwhile. */
  function statusOf(id: string): string {
    try {
      return readFileSync(`/proc/${id}/status`, "utf8");
    } catch {
      return "";
    }
  }

  /** What one upload may leave in memory, with what the runtime takes for itself at first. */
  const FLAT_BYTES = 256 * 1024 * 1024;

  async function held(headers: Record<string, string>) {
    const before = heldBytes();
    const poured = await pour(headers);
    const after = heldBytes();
    return { ...poured, grown: before === null || after === null ? null : after - before };
  }

  const UNMEASURED = "no /proc tells what workerd holds";

  test("that says so is refused, and held nowhere", async ({ skip }) => {
    // The local proxy takes it all before it lets the answer through.
    const { status, grown } = await held({ "content-length": String(FILE_BYTES) });
    expect(status).toBe(413);
    if (grown === null) return skip(UNMEASURED);
    expect(grown).toBeLessThan(FLAT_BYTES);
  });

  test("in chunks is cut off soon, whoever sends it", async ({ skip }) => {
    const chunked = { "transfer-encoding": "chunked" };
    const measured: (number | null)[] = [];
    for (const headers of [{ ...chunked, authorization: `Bearer ${owner.tokens.accessToken}` }, chunked]) {
      const { status, sent, grown } = await held(headers);
      expect([413, 0]).toContain(status);
      expect(sent).toBeLessThan(128 * 1024 * 1024);
      measured.push(grown);
    }
    expect((await api.get("/branding/assets/nothing")).status).toBe(404);
    for (const grown of measured) {
      if (grown === null) return skip(UNMEASURED);
      expect(grown).toBeLessThan(FLAT_BYTES);
    }
  });
});
