// The pages on one machine: what Cloudflare does with `[assets]` before a request reaches the Worker. A file whose name the
// path is (`/console` is console.html, `/` is index.html) is answered with the headers that `_headers` says; everything
// else goes to the Worker, in the same isolate, so that a call's frames take no other way than when deployed.
import Edge from "./index.js";
export * from "./index.js";

const TYPES = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  webmanifest: "application/manifest+json",
};

export default class extends Edge {
  async fetch(request) {
    return (await page(request, this.env)) ?? super.fetch(request);
  }
}

async function page(request, env) {
  const { pathname } = new URL(request.url);
  // What has no suffix and more than one part is a route of the Worker's.
  if (!["GET", "HEAD"].includes(request.method) || request.headers.has("upgrade")) return null;
  if (!/^\/(|[\w-]+|[\w./-]*\.\w+)$/.test(pathname) || pathname.includes("..")) return null;
  const bare = !pathname.includes(".");
  const path = pathname === "/" ? "/index.html" : bare ? `${pathname}.html` : pathname;
  const file = await env.PAGES.fetch(`http://pages${path}`, { method: request.method });
  if (!file.ok) {
    await file.body?.cancel();
    return null;
  }
  const headers = new Headers({
    "content-type": TYPES[path.split(".").pop()] ?? "application/octet-stream",
    "cache-control": "public, max-age=0, must-revalidate",
    etag: `"${file.headers.get("content-length")}-${Date.parse(file.headers.get("last-modified"))}"`,
  });
  for (const [name, value] of rules(await policy(env), pathname)) headers.set(name, local(value));
  if (request.headers.get("if-none-match") === headers.get("etag")) {
    await file.body?.cancel();
    return new Response(null, { status: 304, headers });
  }
  return new Response(file.body, { headers });
}

let kept;

// Read once: a page is several files, and each would wait for it.
function policy(env) {
  kept ??= env.PAGES.fetch("http://pages/_headers").then((file) => file.text());
  return kept;
}

// The format of https://developers.cloudflare.com/workers/static-assets/headers/: a path, in which * is anything, and below
// it, indented, its headers.
function rules(text, pathname) {
  const found = [];
  let applies = false;
  for (const line of text.split("\n").filter((line) => line.trim() && !line.trim().startsWith("#"))) {
    if (/^\s/.test(line)) {
      const [, name, value] = /^\s+([^:]+):\s*(.*)$/.exec(line) ?? [];
      if (applies && name) found.push([name, value]);
    } else {
      const pattern = line.trim().split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*");
      applies = new RegExp(`^${pattern}$`).test(pathname);
    }
  }
  return found;
}

// What is at AWS there is on loopback here.
function local(value) {
  return value.replaceAll("https://*.amazonaws.com", "https://*.amazonaws.com http://127.0.0.1:*");
}
