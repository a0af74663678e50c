/**
 * An SVG without anything that does, loads or leads: what is left are shapes, text, colours and references within the file. The list
 * says what may stay, not what must go.
 */
import { imageSize } from "image-size";
import sanitizeHtml from "sanitize-html";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { utf8 } from "../../shared/crypto/bytes";
import type { Picture } from "./pictures";
import { SvgWeight } from "./svg-weight";

/** A logo is a few kB; what takes megabytes to draw is a photograph. */
const MAX_SVG_BYTES = 1024 * 1024;
/** What browsers take where a file gives no size (CSS 2.2, 10.3.2). */
const DEFAULT_SIZE = { width: 300, height: 150 };
const MAX_SIDE = 20_000;

const ELEMENTS =
  "svg g defs symbol use title desc path rect circle ellipse line polyline polygon text tspan textPath linearGradient radialGradient stop pattern clipPath mask filter feBlend feColorMatrix feComponentTransfer feComposite feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode feMorphology feOffset style".split(
    " ",
  );

/** With all that stands in them. A marker is drawn at every point of a line, so that a few kB of it keep a browser busy for seconds. */
const GONE_WITH_CONTENT =
  "marker script foreignObject metadata iframe object embed audio video canvas handler listener animate animateMotion animateTransform animateColor set discard".split(
    " ",
  );

/** Words elsewhere are nobody's to see, or what is left of an element that went. */
const WITH_WORDS = ["text", "tspan", "textPath", "title", "desc", "a", "switch"];

const ATTRIBUTES =
  "xmlns xmlns:xlink version id class style lang viewBox preserveAspectRatio x y x1 y1 x2 y2 dx dy cx cy r rx ry fx fy fr width height d points pathLength transform rotate textLength lengthAdjust startOffset method spacing side href xlink:href offset gradientUnits gradientTransform spreadMethod patternUnits patternContentUnits patternTransform clipPathUnits maskUnits maskContentUnits filterUnits primitiveUnits in in2 result mode type values tableValues slope intercept amplitude exponent operator k1 k2 k3 k4 stdDeviation radius edgeMode color-interpolation-filters color-interpolation fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray stroke-dashoffset opacity color clip-path clip-rule mask filter flood-color flood-opacity stop-color stop-opacity display visibility overflow vector-effect paint-order shape-rendering text-rendering font-family font-size font-style font-variant font-weight font-stretch text-anchor text-decoration dominant-baseline alignment-baseline baseline-shift letter-spacing word-spacing writing-mode direction unicode-bidi role aria-label aria-hidden focusable".split(
    " ",
  );

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";
const XLINK_NAMESPACE = "http://www.w3.org/1999/xlink";

/** A style that names no address and no other sheet, and hides nothing behind an escape or a tag. */
const isPlainStyle = (css: string): boolean => !/[@\\<&]|url|expression|image|src|javascript|data:/i.test(css);

/** Addresses within the file only. */
const isWithin = (value: string): boolean =>
  !/[\\<]/.test(value) && !/url|image|src|javascript:|data:/i.test(value.replaceAll(/url\(\s*(["']?)#[\w.:-]+\1\s*\)/g, ""));

function keptAttributes(attributes: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attributes).filter(([name, value]) => {
      if (name.startsWith("xmlns")) return false;
      if (name === "href" || name === "xlink:href") return /^#[\w.:-]+$/.test(value);
      return name === "id" || name === "class" || name.startsWith("aria-") ? !/[<\\]/.test(value) : isWithin(value);
    }),
  );
}

function clean(text: string, weight: SvgWeight): string {
  let depth = 0;
  let roots = 0;
  const cleaned = sanitizeHtml(text, {
    allowedTags: ELEMENTS,
    allowedAttributes: { "*": ATTRIBUTES },
    nonTextTags: GONE_WITH_CONTENT,
    // Only within the file, which `keptAttributes` sees to: schemes are for links that lead somewhere.
    allowedSchemes: [],
    allowProtocolRelative: false,
    nonBooleanAttributes: ["*"],
    selfClosing: [],
    parseStyleAttributes: false,
    // Style sheets, and only plain ones: see `exclusiveFilter`.
    allowVulnerableTags: true,
    parser: { xmlMode: true, decodeEntities: true, lowerCaseTags: false, lowerCaseAttributeNames: false },
    onOpenTag: (name, attributes) => {
      if (depth === 0) roots += name === "svg" ? 1 : 2;
      depth += 1;
      weight.open(attributes);
    },
    onCloseTag: () => {
      depth -= 1;
      weight.close();
    },
    transformTags: {
      "*": (tagName, attribs) => ({ tagName, attribs: keptAttributes(attribs) }),
    },
    textFilter: (words, element) => (WITH_WORDS.includes(element) || words.trim() === "" ? words : ""),
    exclusiveFilter: (frame) => frame.tag === "style" && !isPlainStyle(frame.text),
  }).trim();
  return roots === 1 ? cleaned.replace(/^<svg/, `<svg xmlns="${SVG_NAMESPACE}" xmlns:xlink="${XLINK_NAMESPACE}"`) : "";
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** The picture as it is kept, or why not. The file is text that begins with `<`. */
export function readSvg(
  bytes: Uint8Array,
): Result<Picture, Refusal<"asset_broken" | "asset_too_large" | "asset_type_unsupported">> {
  if (bytes.byteLength > MAX_SVG_BYTES) return refuse({ code: "asset_too_large", detail: "An SVG has at most 1 MiB" });
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return refuse({ code: "asset_type_unsupported" });
  }
  if (!/<svg[\s/>]/.test(text)) return refuse({ code: "asset_type_unsupported" });
  // Nothing expands entities here, and nobody who reads the kept file should ever have to.
  if (/<!ENTITY/i.test(text)) return refuse({ code: "asset_broken", detail: "An SVG must not define entities" });
  const weight = new SvgWeight();
  const cleaned = clean(text, weight);
  if (weight.isHeavy()) return refuse({ code: "asset_too_large", detail: "The SVG draws too many elements" });
  if (!/^<svg[\s>]/.test(cleaned) || !cleaned.endsWith("</svg>"))
    return refuse({ code: "asset_broken", detail: "The SVG has no root of its own, or something beside it" });
  // What a second reading would read otherwise, a browser might too.
  if (clean(cleaned, new SvgWeight()) !== cleaned) return refuse({ code: "asset_broken", detail: "The SVG is not well-formed" });
  return ok({ contentType: "image/svg+xml", bytes: utf8(cleaned), ...sizeOf(cleaned) });
}

function sizeOf(cleaned: string): { width: number; height: number } {
  const root = cleaned.slice(0, cleaned.indexOf(">") + 1);
  const within = (side: number | undefined, fallback: number): number =>
    side !== undefined && side >= 1 ? Math.min(Math.round(side), MAX_SIDE) : fallback;
  try {
    const { width, height } = imageSize(utf8(root));
    return { width: within(width, DEFAULT_SIZE.width), height: within(height, DEFAULT_SIZE.height) };
  } catch {
    return DEFAULT_SIZE;
  }
}
