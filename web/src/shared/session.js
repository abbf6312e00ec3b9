// Who is signed in: a token that expires, kept for this tab only. The key it came from is never kept.

const PLACE = "callbox.session";

/** @returns {{token: string, expires_s: number} | null} */
export function session() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(PLACE));
    return kept && (kept.expires_s === 0 || kept.expires_s > Date.now() / 1000) ? kept : null;
  } catch {
    return null;
  }
}

export function keep(token, expires_s = expiry(token)) {
  sessionStorage.setItem(PLACE, JSON.stringify({ token, expires_s }));
}

export function forget() {
  sessionStorage.removeItem(PLACE);
}

/** The server does not know the token any more: the pages ask for a key again. */
export function signOut() {
  forget();
  dispatchEvent(new Event("callbox:signed-out"));
}

/** A link may bring a token behind its #, which no server sees; it leaves the address bar, and so the history, at once. */
export function takeTokenFromAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const token = given.get("token");
  if (!token) return;
  given.delete("token");
  const rest = given.toString();
  history.replaceState(null, "", location.pathname + location.search + (rest && `#${rest}`));
  keep(token);
}

/** What a token says of itself. Nobody relies on it: the server checks. @returns {object} */
export function claims(token) {
  try {
    const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (c) => c.charCodeAt(0))));
  } catch {
    return {};
  }
}

/** Whether whoever is signed in may do this, as far as their token says: what is not for them need not be shown. */
export function may(scope) {
  return claims(session()?.token ?? "").scopes?.includes(scope) ?? true;
}

function expiry(token) {
  return Number(claims(token).exp) || 0;
}
