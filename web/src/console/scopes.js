// What a key may be allowed; a test holds it to the API's own list.

export const SCOPES = [
  "calls:read", "calls:write", "bots:read", "bots:write", "numbers:write", "prices:write", "usage:read", "costs:read", "keys:write", "talk",
];
