/** What comes in as a picture and what of it is kept, inside workerd, where the libraries have to work. */
import { describe, expect, it } from "vitest";
import { type Picture, readPicture } from "../../workers/branding/pictures";
import { bytesOf, joined, jpeg, PNG_SIGNATURE, png, pngChunk, webp } from "../support/pictures";

function kept(bytes: Uint8Array): Picture {
  const read = readPicture(bytes);
  if (!read.ok) throw new Error(`${read.error.code}: ${read.error.detail}`);
  return read.value;
}
const refusal = (bytes: Uint8Array): string => {
  const read = readPicture(bytes);
  return read.ok ? "kept" : read.error.code;
};
const text = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes);
const svg = (inner: string, attributes = 'viewBox="0 0 320 96"'): Uint8Array =>
  bytesOf(
    `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${attributes}>${inner}</svg>`,
  );

describe("a picture keeps its pixels and loses what nobody sees", () => {
  it("in a PNG: place, comments, animation and whatever stands behind its end", () => {
    const plain = png(3, 2);
    const dirty = joined(
      png(3, 2, {
        extra: [
          pngChunk("tEXt", bytesOf("Comment\0<script>alert(1)</script>")),
          pngChunk("eXIf", bytesOf("GPS")),
          pngChunk("acTL", [0, 0, 0, 2, 0, 0, 0, 0]),
        ],
      }),
      bytesOf("<html><script>alert(1)</script>"),
    );
    expect(kept(dirty)).toEqual({ contentType: "image/png", bytes: plain, width: 3, height: 2 });
  });

  it("in a JPEG: EXIF, comments and the tail, but not its colours nor which way is up", () => {
    const upright = kept(jpeg(40, 30, { tail: bytesOf("PK\u0003\u0004 a zip") }));
    expect(upright).toMatchObject({ contentType: "image/jpeg", width: 40, height: 30 });
    expect(text(upright.bytes)).not.toMatch(/GPS|Ada|PK|Exif/);
    expect(text(upright.bytes)).toContain("ICC_PROFILE");
    const onItsSide = kept(jpeg(40, 30, { orientation: 6 }));
    expect(onItsSide).toMatchObject({ width: 30, height: 40 });
    expect(text(onItsSide.bytes)).not.toContain("GPS");
    // Read again it is turned the same way, and nothing more goes.
    expect(kept(onItsSide.bytes)).toEqual(onItsSide);
  });

  it("in a JPEG with EXIF data that say nothing, or nonsense", () => {
    const [start, rest] = [jpeg().subarray(0, 2), jpeg().subarray(2)];
    for (const about of ["Exif\0\0MM\0*\0\0\0\u0008", "Exif\0\0", "Exif\0\0II*\0\u007f\u007f\u007f\u007f"]) {
      const segment = joined([0xff, 0xe1, 0, 2 + about.length], bytesOf(about));
      expect(kept(joined(start, segment, rest)), JSON.stringify(about)).toMatchObject({ width: 40, height: 30 });
    }
  });

  it("in a WebP: EXIF and XMP", () => {
    const { bytes, ...rest } = kept(webp(16, 8));
    expect(rest).toEqual({ contentType: "image/webp", width: 16, height: 8 });
    expect(text(bytes)).not.toMatch(/GPS|Ada/);
    expect(new DataView(bytes.buffer).getUint32(4, true)).toBe(bytes.length - 8);
    expect(kept(bytes).bytes).toEqual(bytes);
  });
});

describe("a file that is no picture is refused", () => {
  it.each<[string, Uint8Array, string]>([
    ["HTML", bytesOf("<!doctype html><script>alert(1)</script>"), "asset_type_unsupported"],
    ["HTML with an SVG in it", bytesOf("<html><svg xmlns='http://www.w3.org/2000/svg'></svg></html>"), "asset_broken"],
    ["HTML behind a PNG's first bytes", joined(PNG_SIGNATURE, bytesOf("<html><script>alert(1)</script></html>")), "asset_broken"],
    ["HTML behind a JPEG's first bytes", joined([0xff, 0xd8, 0xff, 0xe0], bytesOf("<html>")), "asset_broken"],
    ["HTML behind a WebP's first bytes", bytesOf("RIFF\u0008\0\0\0WEBP<html><body></body></html>"), "asset_broken"],
    ["nothing", new Uint8Array(), "asset_type_unsupported"],
    ["a GIF", bytesOf("GIF89a\u0001\0\u0001\0"), "asset_type_unsupported"],
    ["a PDF", bytesOf("%PDF-1.7"), "asset_type_unsupported"],
    ["a WebP that moves", webp(16, 8, { animated: true }), "asset_type_unsupported"],
    ["a WebP larger than its canvas says", webp(160, 80, { canvas: [16, 8] }), "asset_broken"],
    ["a PNG of 60,000 × 60,000", png(2, 2, { says: [60_000, 60_000] }), "asset_too_large"],
    ["a PNG a pixel high and a million wide", png(2, 2, { says: [1_000_000, 1] }), "asset_too_large"],
    ["a PNG of no pixels", png(2, 2, { says: [0, 7] }), "asset_broken"],
    ["a JPEG of 60,000 × 60,000", jpeg(60_000, 60_000), "asset_too_large"],
    ["a PNG with an altered byte", png().with(45, 77), "asset_broken"],
  ])("%s", (_name, bytes, code) => {
    expect(refusal(bytes)).toBe(code);
  });

  const MEGABYTE = 1_000_000;
  const repeated = (piece: Uint8Array | number[], bytes = MEGABYTE): Uint8Array => {
    const whole = new Uint8Array(Math.floor(bytes / piece.length) * piece.length);
    for (let at = 0; at < whole.length; at += piece.length) whole.set(piece, at);
    return whole;
  };
  it.each<[string, Uint8Array]>([
    ["a JPEG of restarts", joined(jpeg().subarray(0, 2), repeated([0xff, 0xd0]), jpeg().subarray(2))],
    ["a JPEG of empty tables", joined(jpeg().subarray(0, 2), repeated([0xff, 0xdb, 0, 2]), jpeg().subarray(2))],
    ["a JPEG of empty scans", joined(jpeg().subarray(0, -2), repeated([0xff, 0xda, 0, 2]), [0xff, 0xd9])],
    ["a PNG of empty chunks", png(2, 2, { extra: [repeated(pngChunk("IDAT"))] })],
    ["a PNG of two kinds of chunks in turns", png(2, 2, { extra: [repeated(joined(pngChunk("bKGD"), pngChunk("sBIT")))] })],
    ["a WebP of empty chunks", webp(16, 8, { extra: repeated(joined(bytesOf("ICCP"), [0, 0, 0, 0])) })],
  ])("for its hundred thousand parts: %s", (_name, bytes) => {
    expect(refusal(bytes)).toMatch(/^asset_(too_large|broken)$/);
  });

  it("but not for the thousands that a large picture has", () => {
    const chunk = pngChunk("IDAT", new Uint8Array(4096));
    expect(refusal(png(2, 2, { extra: [repeated(chunk, 5 * MEGABYTE)] }))).toBe("kept");
  });

  it.each([
    ["PNG", png(3, 3)],
    ["JPEG", jpeg()],
    ["WebP", webp()],
  ])("a %s cut off anywhere", (_name, whole) => {
    expect(refusal(whole)).toBe("kept");
    for (let length = 0; length < whole.length; length++)
      expect(refusal(whole.subarray(0, length)), `${length}`).not.toBe("kept");
  });
});

describe("an SVG keeps its shapes", () => {
  it("with colours, gradients, text and references within the file", () => {
    const inner = `<title>Blue &amp; Note</title><style>.a{fill:#1d4ed8}</style><defs><linearGradient id="g"><stop offset="0" stop-color="#fff"></stop></linearGradient><path id="p" d="M0 0h9v9z"></path></defs><g class="a" style="opacity:.5"><rect width="9" height="9" fill="url(#g)"></rect><use xlink:href="#p"></use><text x="1">Jazz &lt; Blues</text></g>`;
    const { bytes, ...rest } = kept(svg(inner));
    expect(rest).toEqual({ contentType: "image/svg+xml", width: 320, height: 96 });
    expect(new TextDecoder().decode(bytes)).toBe(
      `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 320 96">${inner}</svg>`,
    );
  });

  it.each<[string, string]>([
    ["a script", "<script>alert(1)</script>"],
    ["a script in CDATA", "<script><![CDATA[alert(1)]]></script>"],
    ["a script by another prefix", '<x:script xmlns:x="http://www.w3.org/2000/svg">alert(1)</x:script>'],
    ["a script that a style hides", "<style>&lt;/style&gt;&lt;script&gt;alert(1)&lt;/script&gt;</style>"],
    ["a script that a comment hides", "<!--><script>alert(1)</script>-->"],
    ["a handler", '<rect onclick="alert(1)" ONLOAD="alert(1)" width="1"/>'],
    ["HTML", '<foreignObject><iframe src="https://evil.example">alert(1)</iframe></foreignObject>'],
    ["HTML by its namespace", '<p xmlns="http://www.w3.org/1999/xhtml"><img src="x" onerror="alert(1)"/></p>'],
    ["a link", '<a xlink:href="javascript:alert(1)"><rect width="1"/></a>'],
    ["a link set by an animation", '<a><animate attributeName="href" values="javascript:alert(1)"/></a>'],
    ["a set handler", '<set attributeName="onmouseover" to="alert(1)"/>'],
    ["a picture from elsewhere", '<image href="https://evil.example/alert(1).png"/>'],
    ["a picture in the file", '<image href="data:image/svg+xml;base64,YWxlcnQoMSk="/>'],
    ["a use of elsewhere", '<use href="https://evil.example/alert(1).svg#x"/>'],
    ["a use of data", '<use href="data:image/svg+xml,alert(1)#x"/>'],
    ["a fill from elsewhere", '<rect fill="url(https://evil.example/alert(1))"/>'],
    ["a sheet from elsewhere", '<style>@import "https://evil.example/alert(1)"</style>'],
    ["a font from elsewhere", "<style>.a{background:url(//evil.example/alert(1))}</style>"],
    ["an address behind an escape", '<rect style="fill:u\\72l(https://evil.example/alert(1))"/>'],
    ["an address behind an entity", '<rect style="fill:&#117;rl(https://evil.example/alert(1))"/>'],
    ["a filter that loads", '<filter><feImage href="https://evil.example/alert(1)"/></filter>'],
    ["an instruction", '<?xml-stylesheet href="https://evil.example/alert(1)"?>'],
    ["words outside of its text", "<g>alert(1)</g>"],
    ["metadata", "<metadata>alert(1) made by Ada</metadata>"],
    [
      "what stands at every point of a line",
      '<marker id="m"><path d="M0 0" class="Ada"/></marker><path marker-mid="url(#m)" d="M0 0h1"/>',
    ],
  ])("and loses %s", (_name, inner) => {
    const { bytes } = kept(svg(`${inner}<circle r="1"/>`));
    const words = new TextDecoder().decode(bytes);
    expect(words).toContain("<circle");
    expect(words).not.toMatch(/script|alert|evil|on\w+=|foreignObject|javascript|data:|<a[\s>]|import|xhtml|Ada|marker|<\?/i);
  });

  it.each<[string, Uint8Array, string]>([
    [
      "entities that grow",
      bytesOf('<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg">&b;</svg>'),
      "asset_broken",
    ],
    ["an entity from a file", bytesOf('<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>'), "asset_broken"],
    ["a root of another kind", bytesOf('<html xmlns="http://www.w3.org/1999/xhtml"><svg></svg></html>'), "asset_broken"],
    ["two roots", bytesOf("<svg></svg><svg></svg>"), "asset_broken"],
    ["a root that is cut off", bytesOf('<svg xmlns="http://www.w3.org/2000/svg"'), "asset_broken"],
    ["bytes that are no UTF-8", joined(bytesOf("<svg>"), [0xff, 0xfe], bytesOf("</svg>")), "asset_type_unsupported"],
    ["more than a megabyte", svg(`<path d="${"M0 0".repeat(300_000)}"/>`), "asset_too_large"],
    ["a thousand levels", svg("<g>".repeat(1000) + "</g>".repeat(1000)), "asset_too_large"],
    ["a hundred thousand elements", svg("<g/>".repeat(100_000)), "asset_too_large"],
    ["a circle", svg('<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>'), "asset_too_large"],
    [
      "a few elements that draw a thousand million",
      svg(
        Array.from({ length: 9 }, (_, n) => `<g id="l${n + 1}">${`<use href="#l${n}"/>`.repeat(10)}</g>`).join("") +
          '<rect id="l0"/>',
      ),
      "asset_too_large",
    ],
    [
      "the same by patterns",
      svg(
        Array.from({ length: 9 }, (_, n) => `<pattern id="l${n + 1}">${`<rect fill="url(#l${n})"/>`.repeat(10)}</pattern>`).join(
          "",
        ),
      ),
      "asset_too_large",
    ],
  ])("refused: %s", (_name, bytes, code) => {
    expect(refusal(bytes)).toBe(code);
  });

  it.each<[string, number, number]>([
    ['width="120" height="40"', 120, 40],
    ['viewBox="0 0 24 12"', 24, 12],
    ["", 300, 150],
    ['width="1e9" height="1"', 20_000, 1],
  ])("with the size of %s", (attributes, width, height) => {
    expect(kept(svg("<g/>", attributes))).toMatchObject({ width, height });
  });
});
