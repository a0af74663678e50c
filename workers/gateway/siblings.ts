/** A sibling Worker did not answer: that is a 503, where everything else that is thrown is a bug of the gateway's own. */
export class SiblingDown extends Error {}

export async function answered<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw new SiblingDown("a sibling did not answer", { cause: error });
  }
}
