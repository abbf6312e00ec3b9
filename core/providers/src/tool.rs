//! What a language model may do besides talking.

/// What a language model may do besides talking.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Tool {
    /// End the call.
    EndCall,
    /// Hand the caller over. Several of them: the model chooses.
    Transfer {
        /// Number or address. The model can name no other.
        to: String,
        /// When to do it, in words for the model; may be empty.
        when: String,
    },
    /// Press keys towards the far end.
    SendKeys,
}
