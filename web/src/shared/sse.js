// Server-sent events, read from a fetch: the browser's own EventSource cannot show a token.

/** @param {ReadableStream<Uint8Array>} body */
export async function* sse(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value.replaceAll("\r", "")).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        const event = parse(block);
        if (event) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** @returns {{id?: string, event: string, data: any} | null} */
export function parse(block) {
  const found = { event: "message" };
  const data = [];
  for (const line of block.split("\n")) {
    const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (name === "data") data.push(value);
    else if (name === "event" || name === "id") found[name] = value;
  }
  if (!data.length) return null;
  return { ...found, data: JSON.parse(data.join("\n")) };
}
