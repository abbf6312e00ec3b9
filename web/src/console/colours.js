// The style sheet's colours, for what is drawn on a canvas.

const NAMES = ["ink", "soft", "line", "accent", "caller", "wait", "listen", "think", "speak", "card"];

/** @returns {Record<string, string>} as they are in the theme of now */
export function colours() {
  const probe = document.createElement("i");
  document.body.append(probe);
  const found = NAMES.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(found);
}
