// JSON as it is typed, by its place in a bot: kept beside the bot until it can be read.

export function isReadable(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The place of one that cannot be read: without it the bot would be saved as it was before. */
export const unreadable = (draft) => Object.keys(draft).find((path) => !isReadable(draft[path]));

/** What is left when a list loses one of its places, and the later ones move up. @param {string} list `tools` */
export function without(draft, list, lost) {
  const moved = Object.entries(draft).map(([path, text]) => {
    const [, index, rest] = path.startsWith(`${list}.`) ? /^(\d+)(.*)$/.exec(path.slice(list.length + 1)) : [];
    if (index === undefined || index < lost) return [path, text];
    return Number(index) === lost ? [] : [`${list}.${index - 1}${rest}`, text];
  });
  return Object.fromEntries(moved.filter(([path]) => path));
}
