import { expect, it } from "vitest";
import { canonicalHost, slugOfHost } from "../../workers/branding/hosts";

it.each([
  ["demo.localhost", "demo"],
  ["demo.localhost:8787", "demo"],
  ["DEMO.LocalHost.", "demo"],
  ["demo.localhost.:8787", "demo"],
  ["localhost", null],
  ["a.demo.localhost", null],
  ["demo.localhost.evil.example", null],
  ["demolocalhost", null],
  ["xn--bcher-kva.localhost", null],
  ["-demo.localhost", null],
  ["de_mo.localhost", null],
  [".localhost", null],
  ["", null],
  ["[::1]:8787", null],
])("%s is the host of %s", (host, slug) => {
  expect(slugOfHost(host, "localhost")).toBe(slug);
});

it("the base itself may be written in any case", () => {
  expect(slugOfHost("demo.sites.bilten.example", "Sites.Bilten.Example.")).toBe("demo");
  expect(canonicalHost("A.B.:80")).toBe("a.b");
});
