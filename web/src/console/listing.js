// The calls that are loaded, newest first, while new ones come in above them.

/** Of a call that came twice, the first. */
function once(calls) {
  const known = new Map();
  for (const call of calls) if (!known.has(call.call)) known.set(call.call, call);
  return [...known.values()];
}

/** What is known after the first page came again: as far back as it goes it is right, and what is older is still there. */
export function renewed(known, page) {
  const last = page.next ? page.calls.at(-1) : undefined;
  return once([...page.calls, ...known.filter(({ began_ms }) => last && began_ms <= last.began_ms)]);
}

/** What is known with one more page, of older calls. */
export function extended(known, page) {
  return once([...known, ...page.calls]);
}

/** Whether every word that is searched for occurs in a call. */
export function fits(call, search) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const text = [call.call, call.from, call.to, call.bot, call.note].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}
