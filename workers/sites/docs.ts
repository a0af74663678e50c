/** The page to read and try the API: Swagger UI over `/openapi.json`, served from here so that it needs no other host. */
import type { Context } from "hono";
import styles from "swagger-ui-dist/swagger-ui.css";
import bundle from "swagger-ui-dist/swagger-ui-bundle.js";
import { DOCS_START } from "./docs-start";

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bilten API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<script src="/docs/swagger-ui-bundle.js" defer></script>
<script src="/docs/start.js" defer></script>
</head>
<body>
<main id="api"><noscript>This page needs JavaScript. The document itself is at <a href="/openapi.json">/openapi.json</a>.</noscript></main>
</body>
</html>
`;

// Swagger UI sets styles inline and draws its icons from data URLs; scripts come from this host only.
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const file = (text: string, contentType: string, cacheControl: string) => (c: Context) =>
  c.body(text, 200, { "content-type": contentType, "cache-control": cacheControl, "content-security-policy": CSP });

const HOUR = "public, max-age=3600";

export const docsPage = file(PAGE, "text/html; charset=utf-8", "no-cache");
export const docsStart = file(DOCS_START, "text/javascript; charset=utf-8", HOUR);
export const docsBundle = file(bundle, "text/javascript; charset=utf-8", HOUR);
export const docsStyles = file(styles, "text/css; charset=utf-8", HOUR);
