import { expect, test } from "vitest";
import { normalizedAddress } from "../../shared/text/mail-addresses";

test.each([
  ["Ada.Lovelace+press@GMail.com", "adalovelace@gmail.com"],
  ["a.d.a.lovelace@googlemail.com", "adalovelace@gmail.com"],
  ["adalovelace+a+b@gmail.com", "adalovelace@gmail.com"],
  ["Ada.Lovelace+Press@Example.org", "ada.lovelace+press@example.org"],
  ["ada@notgmail.com", "ada@notgmail.com"],
  ["a.b@mail.gmail.com", "a.b@mail.gmail.com"],
  ["+x@gmail.com", "+x@gmail.com"],
])("%s is compared as %s", (address, compared) => {
  expect(normalizedAddress(address)).toBe(compared);
  expect(normalizedAddress(compared)).toBe(compared);
});
