// Who may do a stage's work, as core/contract lists them: a test compares.
export const PROVIDERS = {
  listen: ["openai", "deepgram-flux", "deepgram-nova", "elevenlabs", "assemblyai", "google", "workers-ai"],
  think: ["openai", "anthropic", "ollama", "workers-ai"],
  speak: ["openai", "elevenlabs", "elevenlabs-socket", "deepgram", "deepgram-flux", "deepgram-socket", "cartesia", "cartesia-socket", "http", "workers-ai"],
};
