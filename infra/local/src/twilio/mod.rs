//! The simulated Twilio.
