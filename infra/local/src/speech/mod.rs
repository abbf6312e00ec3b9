//! Speech servers: the OpenAI-shaped stand-ins for providers.
