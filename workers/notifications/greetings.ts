/**
 * Whose name a mail may say. Whoever opens an account or orders a free ticket chooses a name and an address, which may be somebody
 * else's: a sentence with a link in it would go there in our name.
 */

import { withoutDirectionControls } from "../../shared/contracts/text";

/** Longer is no name. */
const MAX_NAME_CHARACTERS = 80;
/** Like an address of any kind, as mail programs make links of: a slash, an at sign, a dot with a word right behind it. */
const READS_LIKE_AN_ADDRESS = /[/@]|[.\u3002\uff0e\uff61][\p{L}\p{N}]{2}/u;

/** Null where nobody is named: the mail greets without a name. */
export function greetable(name: string): string | null {
  const plain = withoutDirectionControls(name).trim();
  return plain === "" || [...plain].length > MAX_NAME_CHARACTERS || READS_LIKE_AN_ADDRESS.test(plain) ? null : plain;
}
