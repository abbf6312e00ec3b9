// Calls, bots and bills for the stand-in. One caller and one bot try to smuggle markup in.

export const EVIL_CALLER = `<script>window.harm = "caller"</script> hello`;
export const EVIL_BOT = `<img src=x onerror="window.harm='bot'"> I see & "hear"`;

const BEGAN = Date.UTC(2026, 10, 21, 9, 30);
const SID = (n) => `CA${String(n).padStart(32, "0")}`;

const BOT = {
  id: "mesa",
  tenant: "default",
  version: 3,
  name: "Mesa",
  language: "en-US",
  consent: "",
  greeting: "Thank you for calling Mesa. How can I help you?",
  instructions: "You answer the telephone of Mesa, a restaurant.",
  listen: { provider: "openai", model: "" },
  think: { provider: "openai", model: "" },
  speak: { provider: "openai", model: "" },
  voice: { id: "", directions: "" },
  turns: { end: { by: "adaptive" }, speculate: true, barge_in: true },
  idle: { after_ms: 8000, prompt: "Are you still there?", prompts_max: 2 },
  reply_chars_max: 300,
  duration_max_s: 1800,
  goodbye: "Thank you for calling. Goodbye.",
  apology: "I am sorry, something went wrong.",
  filler: "One moment, please.",
  fallback_number: null,
  tools: [{ kind: "end_call" }, { kind: "transfer", number: "+15005550009", when: "The caller asks for a human." }],
  record: true,
  summarise: true,
  reply: "stream",
  hours: null,
  machine: { do: "continue" },
  price: { per_call_micro_dollars: 50000, per_minute_micro_dollars: 20000, included_minutes: 1 },
  limits: { concurrent_calls_max: 5, spend_per_day_max: 0, outbound_countries: [] },
};

export const bots = () => [BOT, { ...BOT, id: "clinic", name: "Clínica Sol", language: "es-ES", version: 1 }];

export const RUNNING = SID(1);
export const TALKED = SID(2);
export const EVIL = SID(3);

function row(n, more) {
  const began_ms = BEGAN - n * 47 * 60_000;
  const duration_ms = 31_000 + ((n * 7919) % 240) * 1000;
  return {
    call: SID(n), tenant: "default", bot: n % 5 ? "mesa" : "clinic", bot_version: 3,
    direction: n % 4 ? "inbound" : "outbound", from: `+1500555${String(1000 + n)}`, to: "+15005550006",
    status: "completed", began_ms, carrier_duration_s: Math.round(duration_ms / 1000), ended: { reason: "bot_left", duration_ms, at_ms: began_ms + duration_ms },
    turns: 4 + (n % 9), cost_micro_dollars: 9000 + n * 731, price_micro_dollars: 50000 + (n % 4) * 20000, complete: true, note: "",
    ...more,
  };
}

export function rows() {
  const running = { status: "in-progress", complete: false, ended: undefined, carrier_duration_s: undefined, cost_micro_dollars: undefined, price_micro_dollars: undefined };
  const odd = { 1: running, 6: { status: "no-answer", ended: undefined, carrier_duration_s: 0, turns: 0 }, 9: { status: "failed" }, 11: { from: "anonymous" } };
  return Array.from({ length: 34 }, (_, i) => row(i + 1, odd[i + 1]));
}

const said = (number, speaker, began_ms, ended_ms, text, more) => ({ number, at_ms: BEGAN + ended_ms, speaker, began_ms, ended_ms, text, interrupted: false, ...more });

const TURNS = [
  said(2, "bot", 300, 3100, "Thank you for calling Mesa. How can I help you?", { interrupted: true }),
  said(4, "caller", 2900, 4800, "wait can i book a table"),
  said(5, "bot", 5500, 7600, "Of course. For how many people?", { timing: { decided_ms: 410, text_ms: 520, words_ms: 690, sound_ms: 810 } }),
  said(6, "caller", 8300, 9600, "for four people"),
  said(7, "bot", 10200, 13400, "Four people. Which day, and at what time?", { timing: { decided_ms: 300, text_ms: 260, words_ms: 480, sound_ms: 620 } }),
  said(8, "caller", 14100, 15900, "on friday at eight"),
  said(9, "bot", 16900, 21000, "Friday at eight, for four. Thank you, and goodbye.", { timing: { decided_ms: 350, text_ms: 610, words_ms: 940, sound_ms: 1090 } }),
];

const EVENTS = [
  { number: 1, at_ms: BEGAN + 100, name: "stream_opened", detail: "", call_ms: 100, source: { ip: "52.215.127.1", sid: `MZ${"0".repeat(32)}` } },
  { number: 3, at_ms: BEGAN + 3100, name: "barge_in", detail: "", call_ms: 3100 },
];

const NEWS = [
  { name: "ringing", timestamp: new Date(BEGAN - 2000).toUTCString(), source: { ip: "54.172.60.1" } },
  { name: "in-progress", timestamp: new Date(BEGAN).toUTCString(), source: { ip: "54.172.60.1" } },
  { name: "completed", detail: "22 s", timestamp: new Date(BEGAN + 22_000).toUTCString(), source: { ip: "54.172.60.2" } },
];

const item = (dimension, quantity, micro_dollars, more = {}) => ({ dimension, quantity, micro_dollars, ...more });

const COST = {
  items: [
    item("carrier_minute", 1, 8500), item("listen_second", 21, 1575, { provider: "openai", model: "gpt-transcribe" }),
    item("think_input_token", 1240, 186, { provider: "openai", model: "gpt-6-luna" }), item("speak_char", 198, 2376, { provider: "openai", model: "gpt-4o-mini-tts" }),
  ],
  total_micro_dollars: 12637,
};

const PRICE = { items: [{ paid: "call", quantity: 1, unit_micro_dollars: 50000, micro_dollars: 50000 }], total_micro_dollars: 50000 };

export function detail(id, base) {
  const found = rows().find((row) => row.call === id);
  if (!found) return null;
  if (id === RUNNING) return { ...found, turns: TURNS.slice(0, 2), events: EVENTS, carrier: NEWS.slice(0, 2), streams: 1, files: [], recording: null };
  const turns = id === EVIL ? [said(2, "caller", 300, 2000, EVIL_CALLER), said(3, "bot", 2600, 4000, EVIL_BOT)] : TURNS;
  return {
    ...found, turns, events: EVENTS, carrier: NEWS, streams: 1, files: [],
    latency: { replies: 3, median_ms: 810, p90_ms: 1090, max_ms: 1090 },
    summary: id === EVIL ? EVIL_CALLER : "The caller booked a table for four on Friday at eight.",
    usage: { line_ms: 22000, carrier_ms: 22000, work: [] }, cost: COST, price: PRICE, margin_micro_dollars: 37363,
    recording: { key: `recordings/${id}.wav`, url: `${base}/files/${id}.wav` },
  };
}

/** What happens in the running call, as the edge tells it. */
export function live() {
  const record = (number, record) => [record.kind, { number, at_ms: BEGAN + number * 1000, record }];
  const turn = ({ number, at_ms, ...rest }) => record(number, { kind: "turn", ...rest });
  return [
    record(1, { kind: "event", name: "stream_opened", at_ms: 100 }), turn(TURNS[0]), record(3, { kind: "event", name: "barge_in", at_ms: 3100 }),
    turn(TURNS[1]), ["state", { state: "thinking" }], ["saying", { text: "Of course." }], ["state", { state: "speaking" }],
  ];
}

export function usage(month) {
  const meter = (calls, line_ms, cost, price) => ({ calls, line_ms, carrier_ms: line_ms, cost: { items: COST.items, total_micro_dollars: cost }, price: { items: PRICE.items, total_micro_dollars: price } });
  const scale = 1 + (Number(month.slice(-2)) % 5);
  return {
    month, total: meter(210 * scale, 31_000_000 * scale, 2_900_000 * scale, 11_200_000 * scale),
    bots: [{ bot: "mesa", ...meter(170 * scale, 26_000_000 * scale, 2_400_000 * scale, 9_000_000 * scale) }, { bot: "clinic", ...meter(40 * scale, 5_000_000 * scale, 500_000 * scale, 2_200_000 * scale) }],
    days: Array.from({ length: 28 }, (_, i) => ({ day: `${month}-${String(i + 1).padStart(2, "0")}`, calls: (i * 7) % 19, cost_micro_dollars: 90_000 + ((i * 37) % 60) * 1000, price_micro_dollars: 300_000 + ((i * 53) % 90) * 4000 })),
  };
}

export const keys = () => [
  { id: "0123456789abcdef", name: "Website", scopes: ["talk"], created_ms: BEGAN - 8e9, used_ms: BEGAN - 3e6, revoked_ms: null },
  { id: "fedcba9876543210", name: "Billing", scopes: ["usage:read", "calls:read"], created_ms: BEGAN - 2e9, used_ms: null, revoked_ms: BEGAN - 1e8 },
];
