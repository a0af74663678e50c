/** Assets as they come in and go out over HTTP, against the real D1 and R2. */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BrandAsset } from "../../shared/contracts/branding";
import { listOf } from "../../shared/http/list";
import {
  bound,
  codeOf,
  objects,
  organizerId,
  picture,
  request,
  signedIn,
  store,
  strangerId,
  upload,
} from "../support/branding-room";
import { bytesOf, joined, png } from "../support/pictures";

beforeEach(() => applyD1Migrations(bound.DB, env.MIGRATIONS.branding));
afterEach(() => reset());

describe("over HTTP an asset", () => {
  const body = new Uint8Array(picture.bytes);

  async function made() {
    const answer = await upload(body);
    expect(answer.status).toBe(201);
    return BrandAsset.parse(await answer.json());
  }

  it("never changes, is not asked for twice, and runs nothing", async () => {
    const asset = await made();
    const answer = await request(asset.url);
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(body);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "image/png",
      "cache-control": "public, max-age=31536000, immutable",
      "content-length": String(body.length),
      etag: `"${asset.sha256}"`,
      "content-security-policy": expect.stringMatching(/^sandbox; default-src 'none'/),
    });
    const fresh = await request(asset.url, { headers: { "if-none-match": `W/"x", "${asset.sha256}"` } });
    expect([fresh.status, fresh.headers.get("etag"), await fresh.text()]).toEqual([304, `"${asset.sha256}"`, ""]);
    const head = await request(asset.url, { method: "HEAD", headers: { range: "bytes=0-1" } });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, String(body.length), ""]);
  });

  const last = body.length - 1;
  it.each<[string, number, string | null, number]>([
    ["bytes=0-0", 206, `bytes 0-0/${body.length}`, 1],
    ["bytes=5-9", 206, `bytes 5-9/${body.length}`, 5],
    ["bytes=-4", 206, `bytes ${body.length - 4}-${last}/${body.length}`, 4],
    ["bytes=10-", 206, `bytes 10-${last}/${body.length}`, body.length - 10],
    ["bytes=10-99999999999999", 206, `bytes 10-${last}/${body.length}`, body.length - 10],
    [`bytes=${body.length}-`, 416, `bytes */${body.length}`, 0],
    ["bytes=-0", 416, `bytes */${body.length}`, 0],
    ["bytes=9-5", 416, `bytes */${body.length}`, 0],
    ["bytes=0-1,4-5", 200, null, body.length],
    ["lines=0-1", 200, null, body.length],
    ["bytes", 200, null, body.length],
    ["bytes=a-b", 200, null, body.length],
  ])("answers %s with %i", async (range, status, contentRange, length) => {
    const asset = await made();
    const answer = await request(asset.url, { headers: { range } });
    expect([answer.status, answer.headers.get("content-range")]).toEqual([status, contentRange]);
    expect((await answer.arrayBuffer()).byteLength).toBe(length);
    const other = await request(asset.url, { headers: { range: "bytes=0-0", "if-range": '"another"' } });
    expect([other.status, (await other.arrayBuffer()).byteLength]).toEqual([200, body.length]);
    const same = await request(asset.url, { headers: { range: "bytes=0-0", "if-range": `"${asset.sha256}"` } });
    expect([same.status, (await same.arrayBuffer()).byteLength]).toEqual([206, 1]);
  });

  it("comes as a form too, its fields inside", async () => {
    const form = new FormData();
    form.set("kind", "cover");
    form.set("organizerId", organizerId);
    form.set("file", new File([body], "holiday.html", { type: "text/html" }));
    const answer = await upload(form, "");
    expect(BrandAsset.parse(await answer.json())).toMatchObject({ kind: "cover", contentType: "image/png", organizerId });
    expect(await codeOf(await upload(new FormData(), ""))).toBe("400 invalid_body");
    form.set("why", "not");
    expect(await codeOf(await upload(form, ""))).toBe("400 invalid_body");
    form.delete("why");
    form.set("organizerId", strangerId);
    expect(await codeOf(await upload(form, ""))).toBe("404 organizer_not_found");
    expect(await codeOf(await upload("x", "", { "content-type": "multipart/form-data" }))).toBe("400 invalid_body");
    expect(await codeOf(await upload("x", "", { "content-type": "multipart/form-data; boundary=y" }))).toBe("400 invalid_body");
  });

  it("is refused by what it is, not by what it says", async () => {
    const says = { "content-type": "image/png" };
    const query = `?organizerId=${organizerId}`;
    expect(await codeOf(await upload("<!doctype html><p>", query, says))).toBe("415 asset_type_unsupported");
    expect(await codeOf(await upload(joined(png().subarray(0, 8), bytesOf("<html>")), query, says))).toBe("422 asset_broken");
    expect(await codeOf(await upload(png(2, 2, { says: [60_000, 60_000] }), query, says))).toBe("422 asset_too_large");
    expect(await codeOf(await upload(body, ""))).toBe("400 invalid_query");
    expect(await codeOf(await upload(body, `${query}&kind=cake`))).toBe("400 invalid_query");
    expect(await objects()).toBe(0);
  });

  it("is refused by its size before its sender is looked at, announced or counted", async () => {
    let given = 0;
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          given += 65_536;
          controller.enqueue(new Uint8Array(65_536));
        },
      });
    const query = `?organizerId=${organizerId}`;
    expect(await codeOf(await upload(endless(), query))).toBe("413 payload_too_large");
    expect(given).toBeLessThan(21 * 1024 * 1024);
    given = 0;
    const nobody = await request(`/branding/assets${query}`, { method: "POST", body: endless() });
    expect(await codeOf(nobody)).toBe("413 payload_too_large");
    expect(given).toBeLessThan(21 * 1024 * 1024);
    const announced = { method: "POST", body: "x", headers: { "content-length": "1073741824" } };
    expect(await codeOf(await request(`/branding/assets${query}`, announced))).toBe("413 payload_too_large");
    expect(await codeOf(await request(`/branding/assets${query}`, { method: "POST", body: "x" }))).toBe("401 credential_missing");
    // What was held is given back: two full files fit after all of these.
    for (let n = 0; n < 3; n++) expect((await upload(new Uint8Array(20 * 1024 * 1024), query)).status).toBe(415);
  });

  it("is listed for members, newest first, and taken away by them", async () => {
    for (const size of [2, 3, 4]) expect((await upload(png(size, size))).status).toBe(201);
    expect((await upload(png(2, 2))).status).toBe(200);
    const Assets = listOf(BrandAsset);
    const path = `/branding/assets?organizerId=${organizerId}&limit=2`;
    const first = Assets.parse(await (await request(path, { headers: signedIn })).json());
    const second = Assets.parse(await (await request(`${path}&cursor=${first.nextCursor}`, { headers: signedIn })).json());
    expect([...first.data, ...second.data].map(({ width }) => width)).toEqual([4, 3, 2]);
    expect(second.nextCursor).toBeNull();
    expect(await codeOf(await request(path))).toBe("401 credential_missing");
    expect(await codeOf(await request(`${path}&kind=cake`, { headers: signedIn }))).toBe("400 invalid_query");
    const [newest] = first.data;
    const gone = await request(newest?.url ?? "", { method: "DELETE", headers: signedIn });
    expect(gone.status).toBe(204);
    expect(await codeOf(await request(newest?.url ?? ""))).toBe("404 asset_not_found");
    expect(await codeOf(await request(newest?.url ?? "", { method: "DELETE", headers: signedIn }))).toBe("404 asset_not_found");
    const { asset } = await store({ organizerId: strangerId });
    expect(await codeOf(await request(asset.url, { method: "DELETE", headers: signedIn }))).toBe("403 forbidden");
  });

  it.each(["nothing", "1", "0197f3c2-1a2b-7d3c-8e4f-0a1b2c3d4e5", "..%2f..%2fetc", crypto.randomUUID()])(
    "%s is none",
    async (id) => {
      expect(await codeOf(await request(`/branding/assets/${id}`))).toBe("404 asset_not_found");
    },
  );
});
