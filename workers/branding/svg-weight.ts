/**
 * How much a browser would draw. A few elements that point at one another draw millions (`<use>` of ten `<use>`s of ten …), and no
 * limit on bytes sees that.
 */
const MAX_DEPTH = 100;
const MAX_ELEMENTS = 20_000;
const MAX_REFERENCES = 2_000;
/** Elements with every reference followed. */
const MAX_DRAWN = 100_000;

interface Target {
  elements: number;
  references: string[];
}

const referencesOf = (attributes: Record<string, string>): string[] =>
  Object.entries(attributes).flatMap(([name, value]) => {
    if (name === "href" || name === "xlink:href") return value.trim().startsWith("#") ? [value.trim().slice(1)] : [];
    return [...value.matchAll(/url\(\s*["']?#([^"')\s]+)/g)].map((found) => found[1] ?? "");
  });

/** Counts while a parser opens and closes elements. */
export class SvgWeight {
  #targets = new Map<string, Target>();
  /** Of each open element, the one that its id names. */
  #open: (Target | null)[] = [];
  #drawing: Target = { elements: 0, references: [] };
  #deepest = 0;

  open(attributes: Record<string, string>): void {
    const { id } = attributes;
    const target = id ? (this.#targets.get(id) ?? { elements: 0, references: [] }) : null;
    if (id && target) this.#targets.set(id, target);
    this.#open.push(target);
    this.#deepest = Math.max(this.#deepest, this.#open.length);
    if (this.isHeavyByItself()) return;
    const references = referencesOf(attributes);
    for (const within of new Set([this.#drawing, ...this.#open])) {
      if (!within) continue;
      within.elements += 1;
      within.references.push(...references);
    }
  }

  close(): void {
    this.#open.pop();
  }

  isHeavyByItself(): boolean {
    const { elements, references } = this.#drawing;
    return this.#deepest > MAX_DEPTH || elements > MAX_ELEMENTS || references.length > MAX_REFERENCES;
  }

  /** A circle is heavy too: it never ends. */
  isHeavy(): boolean {
    return this.isHeavyByItself() || this.#drawn(this.#drawing, new Map(), new Set()) > MAX_DRAWN;
  }

  #drawn(target: Target, known: Map<Target, number>, above: Set<Target>): number {
    const before = known.get(target);
    if (before !== undefined) return before;
    if (above.has(target)) return Number.POSITIVE_INFINITY;
    above.add(target);
    let sum = target.elements;
    for (const id of target.references) {
      const referred = this.#targets.get(id);
      if (referred) sum += this.#drawn(referred, known, above);
    }
    above.delete(target);
    known.set(target, sum);
    return sum;
  }
}
